/** Encoders in GGUF on the command line. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { encoderGguf } from '../../fixtures/gguf-encoders.js';
import { runCli, startCli, type CliProcess } from './cli-process.js';

async function startServer(...flags: readonly string[]): Promise<CliProcess> {
  const cli = startCli(['serve', '--port', '0', ...flags]);
  await cli.waitForOutput(/^Ready: /mu);
  return cli;
}

async function post(cli: CliProcess, path: string, body: unknown): Promise<Response> {
  const url = /^Inferno listens on (http:\S+)$/mu.exec(cli.stdout)?.[1] ?? '';
  const headers = { 'content-type': 'application/json' };
  return fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('an encoder in GGUF on the command line', () => {
  it('says to a prompt that it generates no text', async () => {
    const { code, stderr } = await runCli(['run', '--model', await encoderGguf('embedder-mean'), 'Hello']);
    assert.equal(code, 1);
    assert.match(stderr, /makes embeddings and cannot generate text/u);
  });

  it("is served with llama-server's flags: a reranker with --reranking, an embedder with --pooling", async () => {
    await using reranker = await startServer('--model', await encoderGguf('cross-encoder'), '--reranking');
    const ranked = await post(reranker, '/rerank', { query: 'dog', documents: ['a cat', 'a dog'] });
    assert.equal(ranked.status, 200, await ranked.clone().text());
    assert.equal(((await ranked.json()) as { results: unknown[] }).results.length, 2);
    await using embedder = await startServer(
      '--model',
      await encoderGguf('embedder-mean'),
      '--embedding',
      '--pooling',
      'cls',
    );
    const embedded = await post(embedder, '/v1/embeddings', { input: 'a dog' });
    assert.equal(embedded.status, 200, await embedded.clone().text());
  });

  it('says how to try it: the printed curl line works as it stands', async () => {
    for (const [name, object] of [
      ['embedder-mean', /"object":"embedding"/u],
      ['cross-encoder', /"relevance_score":/u],
    ] as const) {
      await using cli = startCli(['serve', '--port', '0', '--model', await encoderGguf(name)]);
      const [line] = await cli.waitForOutput(/^Try: (curl .*)$/mu);
      const { stdout } = await promisify(execFile)('sh', ['-c', line.replace('Try: ', '')]);
      assert.match(stdout, object);
    }
  });

  it('is not loaded with --reranking when it has no classifier', async () => {
    const flags = ['--model', await encoderGguf('embedder-mean'), '--reranking'];
    await using cli = startCli(['serve', '--port', '0', ...flags]);
    const { code, stderr } = await cli.end();
    assert.equal(code, 1);
    assert.match(stderr, /has no classifier/u);
  });
});
