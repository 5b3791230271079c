import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { runCli, startCli } from './cli-process.js';

/** Goes on for long enough to be interrupted, on any machine. */
const endless = ['--raw', '--ignore-eos', '--ctx-size', '16384'];
const greedy = ['--temperature', '0', '--max-tokens', '24'];

interface RunJson {
  readonly model: string;
  readonly text: string;
  readonly stopReason: string;
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
}

describe('run with one prompt', () => {
  it('streams the answer to stdout and says on stderr that it uses Ember', async () => {
    const result = await runCli(['run', ...greedy, 'Hello!']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /\S.*\n$/su);
    assert.match(result.stderr, /Ember, the small built-in model/u);
  });

  it('gives the same greedy answer from a pipe, from unquoted words and as JSON', async () => {
    const [argument, pipe, words, json] = await Promise.all([
      runCli(['run', ...greedy, 'Who are you?']),
      runCli(['run', ...greedy], 'Who are you?\n'),
      runCli(['run', ...greedy, 'Who', 'are', 'you?']),
      runCli(['run', ...greedy, '--json', 'Who are you?']),
    ]);
    assert.equal(argument.code, 0, argument.stderr);
    assert.equal(pipe.stdout, argument.stdout);
    assert.equal(words.stdout, argument.stdout);
    const answer = JSON.parse(json.stdout) as RunJson;
    assert.equal(`${answer.text}\n`, argument.stdout);
    assert.equal(answer.model, 'ember');
    assert.ok(answer.usage.promptTokens > 0);
    assert.ok(answer.usage.completionTokens > 0);
  });

  it('--system and --raw change what the model reads', async () => {
    const prompt = 'Hello!';
    const [plain, system, raw] = await Promise.all([
      runCli(['run', ...greedy, '--json', prompt]),
      runCli(['run', ...greedy, '--json', '--system', 'You are a pirate who says ahoy.', prompt]),
      runCli(['run', ...greedy, '--json', '--raw', prompt]),
    ]);
    const promptTokens = (stdout: string): number => (JSON.parse(stdout) as RunJson).usage.promptTokens;
    assert.ok(promptTokens(system.stdout) > promptTokens(plain.stdout));
    assert.ok(promptTokens(raw.stdout) < promptTokens(plain.stdout));
  });

  it('--max-tokens ends the answer with the reason length', async () => {
    const result = await runCli(['run', '--temperature', '0', '--max-tokens', '2', '--json', 'Tell me a story.']);
    const answer = JSON.parse(result.stdout) as RunJson;
    assert.equal(answer.stopReason, 'length');
    assert.equal(answer.usage.completionTokens, 2);
  });

  it('a reader that leaves early is no error', async () => {
    await using cli = startCli(['run', ...endless, 'Once upon a time']);
    cli.child.stdin.end();
    await once(cli.child.stdout, 'data');
    cli.child.stdout.destroy();
    const result = await cli.end();
    assert.equal(result.code, 0, result.stderr);
    assert.doesNotMatch(result.stderr, /EPIPE|error/iu);
  });

  it('Ctrl-C ends with 130 and no message', async () => {
    await using cli = startCli(['run', ...endless, 'Once upon a time']);
    cli.child.stdin.end();
    await cli.waitForOutput(/\S/u);
    cli.child.kill('SIGINT');
    const result = await cli.end();
    assert.equal(result.code, 130, result.stderr);
    assert.doesNotMatch(result.stderr, /error/iu);
  });
});

describe('run that cannot', () => {
  it('an empty pipe is a usage error', async () => {
    const result = await runCli(['run'], '\n');
    assert.match(result.stderr, /^error: The prompt is empty\./mu);
    assert.equal(result.code, 2);
  });

  it('a missing file is named, with 1', async () => {
    const result = await runCli(['run', '--model', 'no/such.gguf', 'Hello']);
    assert.match(result.stderr, /^error: .*no\/such\.gguf/mu);
    assert.equal(result.code, 1);
  });

  it('a mistyped model id names the nearest', async () => {
    const result = await runCli(['run', '--model', 'embr', 'Hello']);
    assert.match(result.stderr, /Did you mean ember\?/u);
    assert.equal(result.code, 1);
  });

  it('a file that is no GGUF says so, as JSON when asked', async () => {
    const result = await runCli(['run', '--json', '--model', './package.json', 'Hello']);
    const lastLine = result.stderr.trimEnd().split('\n').at(-1) ?? '';
    const report = JSON.parse(lastLine) as { readonly error: Record<string, string> };
    assert.equal(report.error['code'], 'invalid_model_file');
    assert.notEqual(report.error['remedy'], '');
    assert.equal(result.stdout, '');
    assert.equal(result.code, 1);
  });
});
