import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runCli, startCli, type CliProcess } from './cli-process.js';

const urlLine = /^Inferno listens on (http:\/\/127\.0\.0\.1:\d+)$/mu;

async function startServer(...flags: readonly string[]): Promise<CliProcess> {
  const cli = startCli(['serve', '--port', '0', ...flags]);
  await cli.waitForOutput(urlLine);
  return cli;
}

function urlOf(cli: CliProcess): string {
  return urlLine.exec(cli.stdout)?.[1] ?? '';
}

async function stop(cli: CliProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  cli.child.kill(signal);
  const result = await cli.end();
  assert.equal(result.code, 0, result.stderr);
}

async function ask(
  url: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello!' }], temperature: 0, max_tokens: 8, ...body }),
  });
}

describe('serve', () => {
  it('prints its URL, gets ready with Ember, answers and ends with 0 on SIGTERM', async () => {
    await using cli = await startServer();
    const url = urlOf(cli);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    const [tryLine] = await cli.waitForOutput(/^Try: curl .*$/mu);
    assert.match(cli.stdout, /^Ready: ember$/mu);
    assert.ok(tryLine.includes(`${url}/v1/chat/completions`));
    assert.match(cli.stderr, /Ember, the small built-in model/u);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    const answer = (await (await ask(url, { model: 'ember' })).json()) as {
      readonly choices: readonly { readonly message: { readonly content: string } }[];
    };
    assert.notEqual(answer.choices[0]?.message.content, '');
    await stop(cli);
  });

  it('the curl line it prints works as it stands', async () => {
    await using cli = await startServer();
    const [line] = await cli.waitForOutput(/^Try: (curl .*)$/mu);
    const { stdout } = await promisify(execFile)('sh', ['-c', line.replace('Try: ', '')]);
    assert.equal((JSON.parse(stdout) as { readonly object: string }).object, 'chat.completion');
    await stop(cli);
  });

  it('lets a running answer finish after SIGINT', async () => {
    await using cli = await startServer('--ctx-size', '4096');
    const url = urlOf(cli);
    await cli.waitForOutput(/^Ready:/mu);
    const response = await ask(url, { stream: true, max_tokens: 200, ignore_eos: true });
    // The status line is here, so the answer runs.
    cli.child.kill('SIGINT');
    assert.match(await response.text(), /data: \[DONE\]/u);
    assert.equal((await cli.end()).code, 0);
  });

  it('a second signal ends it at once with 130', async () => {
    await using cli = await startServer('--ctx-size', '16384');
    const url = urlOf(cli);
    await cli.waitForOutput(/^Ready:/mu);
    const response = await ask(url, { stream: true, max_tokens: 16_000, ignore_eos: true });
    cli.child.kill('SIGINT');
    while (!cli.stderr.includes('Stopping')) await once(cli.child.stderr, 'data');
    cli.child.kill('SIGINT');
    assert.equal((await cli.end()).code, 130);
    await response.text().catch(() => undefined);
  });

  it('goes on when the reader of its first line has gone', async () => {
    await using cli = await startServer();
    const url = urlOf(cli);
    cli.child.stdout.destroy();
    for (;;) if ((await fetch(`${url}/health/ready`)).status === 200) break;
    assert.equal((await ask(url, { model: 'ember' })).status, 200);
    await stop(cli);
  });

  it('--alias names the model, --api-key asks for the key', async () => {
    await using cli = await startServer('--alias', 'my-model', '--api-key', 'first', '--api-key', 'second');
    const url = urlOf(cli);
    await cli.waitForOutput(/^Ready: my-model$/mu);
    assert.equal((await ask(url, { model: 'my-model' })).status, 401);
    const headers = { authorization: 'Bearer second' };
    assert.equal((await ask(url, { model: 'my-model' }, headers)).status, 200);
    assert.equal((await ask(url, { model: 'ember' }, headers)).status, 404);
    await stop(cli);
  });

  it('--any-model-name answers requests for models that are not there with the first', async () => {
    await using cli = await startServer('--any-model-name', '--model', 'ember', '--model', 'ember');
    const url = urlOf(cli);
    await cli.waitForOutput(/^Ready: ember, ember-2$/mu);
    for (const [model, answers] of [
      ['gpt-4o', 'ember'],
      ['ember-2', 'ember-2'],
    ] as const) {
      const answer = await ask(url, { model });
      assert.deepEqual([answer.status, ((await answer.json()) as { readonly model: string }).model], [200, answers]);
    }
    assert.equal((await fetch(`${url}/v1/models/gpt-4o`)).status, 404);
    await stop(cli);
  });

  it('two files of one name get different ids', async () => {
    await using cli = await startServer('--model', 'ember', '--model', 'ember');
    const url = urlOf(cli);
    await cli.waitForOutput(/^Ready: ember, ember-2$/mu);
    const list = (await (await fetch(`${url}/v1/models`)).json()) as {
      readonly data: readonly { readonly id: string }[];
    };
    assert.deepEqual(
      list.data.map((model) => model.id),
      ['ember', 'ember-2'],
    );
    await stop(cli);
  });
});

describe('serve that cannot', () => {
  it('a taken port is named with what to do, and ends with 1', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    assert.ok(address !== null && typeof address === 'object');
    const result = await runCli(['serve', '--port', String(address.port)]);
    holder.close();
    assert.match(result.stderr, new RegExp(`^error: .*\\b${String(address.port)}\\b`, 'mu'));
    assert.match(result.stderr, /--port/u);
    assert.equal(result.stdout, '');
    assert.equal(result.code, 1);
  });

  it('a model that does not load ends it with 1 and a message', async () => {
    const result = await runCli(['serve', '--port', '0', '--model', './package.json']);
    assert.match(result.stderr, /^error: .+/mu);
    assert.equal(result.code, 1);
  });

  it('a model that does not exist ends it before it listens', async () => {
    const result = await runCli(['serve', '--port', '0', '--model', 'no/such.gguf']);
    assert.match(result.stderr, /no\/such\.gguf/u);
    assert.equal(result.stdout, '');
    assert.equal(result.code, 1);
  });
});
