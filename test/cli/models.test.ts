import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runCli } from './cli-process.js';

function errorOf(stderr: string): Record<string, string> {
  return (JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as { readonly error: Record<string, string> }).error;
}

describe('models list', () => {
  it('lists Ember for people and for programs', async () => {
    const [table, json] = await Promise.all([runCli(['models', 'list']), runCli(['models', 'list', '--json'])]);
    assert.match(table.stdout, /^ID +FORMAT +PARAMETERS +SIZE +DESCRIPTION\nember +gguf +\S+ M +\S+ \wiB +\S/u);
    const models = JSON.parse(json.stdout) as readonly { readonly id: string; readonly sizeBytes: number }[];
    const ember = models.find((model) => model.id === 'ember');
    assert.ok(ember !== undefined && ember.sizeBytes > 0);
    assert.equal(table.code, 0);
  });
});

describe('models info', () => {
  it('describes a model by id', async () => {
    const { stdout, code } = await runCli(['models', 'info', 'ember']);
    assert.match(stdout, /^Architecture +llama$/mu);
    assert.match(stdout, /^Parameters +\S/mu);
    assert.equal(code, 0);
  });

  it('--json gives the same as numbers', async () => {
    const { stdout } = await runCli(['models', 'info', 'ember', '--json']);
    const info = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(info['architecture'], 'llama');
    assert.ok(Number(info['parameterCount']) > 0);
    assert.ok(Number(info['vocabularySize']) > 0);
  });

  it('a file that is no GGUF fails with its code', async () => {
    const result = await runCli(['models', 'info', './package.json', '--json']);
    assert.equal(errorOf(result.stderr)['code'], 'invalid_model_file');
    assert.equal(result.stdout, '');
    assert.equal(result.code, 1);
  });
});

describe('models quantize', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'inferno-quantize-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function emberPath(): Promise<string> {
    const { stdout } = await runCli(['models', 'info', 'ember', '--json']);
    return (JSON.parse(stdout) as { readonly path: string }).path;
  }

  // Ember's matrices are Q8_0 already, so this copies them; other types are tested where float models are made.
  it('writes a file that loads and answers the same', async () => {
    const output = join(folder, 'copy.gguf');
    const result = await runCli(['models', 'quantize', await emberPath(), output, '--type', 'q8_0', '--json']);
    assert.equal(result.code, 0, result.stderr);
    const report = JSON.parse(result.stdout) as { readonly type: string; readonly bytesAfter: number };
    assert.equal(report.type, 'Q8_0');
    assert.equal(report.bytesAfter, readFileSync(output).length);
    const question = ['--temperature', '0', '--max-tokens', '16', 'Who are you?'];
    const [copy, original] = await Promise.all([
      runCli(['run', '--model', output, ...question]),
      runCli(['run', ...question]),
    ]);
    assert.equal(copy.code, 0, copy.stderr);
    assert.equal(copy.stdout, original.stdout);
  });

  it('does not replace a file unless told to', async () => {
    const output = join(folder, 'precious.gguf');
    writeFileSync(output, 'precious');
    const refused = await runCli(['models', 'quantize', await emberPath(), output, '--type', 'Q8_0']);
    assert.match(refused.stderr, /precious\.gguf exists already\.\nGive another output, or --force/u);
    assert.equal(refused.code, 1);
    assert.equal(readFileSync(output, 'utf8'), 'precious');
    const forced = await runCli(['models', 'quantize', await emberPath(), output, '--type', 'Q8_0', '--force']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.equal(readFileSync(output).subarray(0, 4).toString('latin1'), 'GGUF');
  });

  it('a mistyped type names the nearest, and a failure leaves no file', async () => {
    const output = join(folder, 'none.gguf');
    const mistyped = await runCli(['models', 'quantize', './package.json', output, '--type', 'Q4_KM']);
    assert.match(mistyped.stderr, /Did you mean Q4_K_M\?/u);
    assert.equal(mistyped.code, 2);
    const notAModel = await runCli(['models', 'quantize', './package.json', output, '--type', 'Q4_K_M']);
    assert.equal(notAModel.code, 1);
    const refused = await runCli(['models', 'quantize', await emberPath(), output, '--type', 'F16']);
    assert.match(refused.stderr, /requantizing from type q8_0/u);
    assert.equal(refused.code, 1);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('none')),
      [],
    );
  });
});

describe('doctor', () => {
  it('finds everything in order here', async () => {
    const [text, json] = await Promise.all([runCli(['doctor']), runCli(['doctor', '--json'])]);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /^CPU backend +\S/mu);
    assert.match(text.stdout, /^ok +answer: Ember answers/mu);
    const { checks } = JSON.parse(json.stdout) as { readonly checks: readonly { readonly status: string }[] };
    assert.ok(checks.length >= 5);
    assert.deepEqual(
      checks.filter((check) => check.status === 'problem'),
      [],
    );
  });

  it('warns about a wait policy that burns shared cores', async () => {
    const { stdout, code } = await runCli(['doctor'], '', { OMP_WAIT_POLICY: 'active' });
    assert.match(stdout, /^warning +thread waiting: OMP_WAIT_POLICY=active/mu);
    assert.equal(code, 0);
  });
});
