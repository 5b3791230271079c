import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readServeArguments } from '../../lib/cli/llama-flags/command-line.js';
import { UsageError } from '../../lib/cli/cli-error.js';
import { createProgram, flagsOf } from '../../lib/cli/program.js';
import { startCli } from './cli-process.js';

const own = flagsOf(createProgram(), 'serve');
const read = (line: string, environment = {}): { args: readonly string[]; notes: readonly string[] } =>
  readServeArguments(line.split(' '), own, environment);

describe('flags of llama-server', () => {
  const same: readonly (readonly [string, string])[] = [
    ['-m a.gguf --port 9', '--model a.gguf --port 9'],
    ['--api-key a,b', '--api-key a --api-key b'],
    ['-c 4096', '--ctx-size 4096'],
    ['-c 0 -np -1 -t -1 -ngl auto', ''],
    ['--ctx-size=4096 -np 4', '--parallel 4 --ctx-size 1024'],
    ['-c 4096 -np 4 --kv-unified', '--parallel 4 --ctx-size 4096'],
    ['--kv-unified-per-slot 512 -np 4', '--ctx-size 512 --parallel 4'],
    ['--temp 0.5 -s 7', '--request-default temperature=0.5 --request-default seed=7'],
    ['-l 15+1 -l 16-inf', '--request-default logit_bias=[[15,1],[16,false]]'],
    ['--samplers top_k;temperature', '--request-default samplers=["top_k","temperature"]'],
    ['--pooling cls', '--pooling cls'],
    ['--reranking', '--pooling rank'],
    ['--rerank', '--pooling rank'],
    ['--slots', ''],
    ['--no-slots', '--no-slots'],
    ['--draft-max 4 --pin ember', '--draft-max 4 --pin ember'],
  ];
  for (const [given, expected] of same) {
    it(`${given} is ${expected === '' ? 'nothing' : expected}`, () => {
      assert.equal(read(given).args.join(' '), expected);
    });
  }

  it('those without effect leave a note that says why', () => {
    const { args, notes } = read('--jinja --flash-attn on --mlock');
    assert.deepEqual(args, []);
    assert.equal(notes.length, 3);
    assert.match(notes.join('\n'), /^--jinja has no effect: chat templates are always Jinja\.$/mu);
  });

  for (const given of [
    '--lora a.gguf',
    '-ctk q8_0',
    '--context-shift',
    '-hf a/b',
    '--rope-scale 2',
    '--chat-template chatml',
  ]) {
    it(`${given} is an error, as answers would be others`, () => {
      assert.throws(
        () => read(given),
        (error) => error instanceof UsageError && error.message.includes('cannot be honoured'),
      );
    });
  }

  it('an unknown one is an error that names the nearest of both', () => {
    assert.throws(() => read('--n-predcit 3'), /There is no flag --n-predcit\. Did you mean --n-predict\?/u);
    assert.throws(() => read('--memory-bugdet 3'), /Did you mean --memory-budget\?/u);
  });

  it('the environment counts where no flag says otherwise', () => {
    const environment = { LLAMA_ARG_PORT: '9', LLAMA_ARG_TEMPERATURE: '1', LLAMA_ARG_ENDPOINT_SLOTS: 'false' };
    assert.equal(read('--port 8', environment).args.join(' '), '--port 8 --no-slots --request-default temperature=1');
  });

  it('a default that no request could have is an error of the command line', async () => {
    await using cli = startCli(['serve', '--temp', 'warm']);
    const { code, stderr } = await cli.end();
    assert.equal(code, 2);
    assert.match(stderr, /temperature/u);
  });
});
