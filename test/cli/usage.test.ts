import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runCli } from './cli-process.js';

const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

describe('help and version', { concurrency: 3 }, () => {
  it('--version prints the version of package.json', async () => {
    const result = await runCli(['--version']);
    assert.equal(result.stdout, `${packageJson.version}\n`);
    assert.equal(result.code, 0);
  });

  it('--help names every command, the exit codes and examples', async () => {
    const { stdout, code } = await runCli(['--help']);
    for (const word of ['serve', 'run', 'models', 'doctor', 'Examples:', 'Exit codes:'])
      assert.ok(stdout.includes(word));
    assert.equal(code, 0);
  });

  const commands = [['serve'], ['run'], ['models', 'list'], ['models', 'info'], ['models', 'quantize'], ['doctor']];
  for (const command of commands) {
    it(`${command.join(' ')} --help shows examples of that command`, async () => {
      const { stdout, code } = await runCli([...command, '--help']);
      assert.match(stdout, new RegExp(`Examples?:\\n {2}inferno ${command.join(' ')}`, 'u'));
      assert.equal(code, 0);
    });
  }

  it('"help run" is the same as "run --help"', async () => {
    const [spoken, flag] = await Promise.all([runCli(['help', 'run']), runCli(['run', '--help'])]);
    assert.equal(spoken.stdout, flag.stdout);
    assert.equal(spoken.code, 0);
  });
});

describe('a wrong command line ends with 2, one sentence and a remedy', { concurrency: 3 }, () => {
  const cases: readonly (readonly [args: readonly string[], error: RegExp, remedy: RegExp])[] = [
    [['serv'], /^error: unknown command 'serv'$/u, /^Did you mean serve\? See `inferno --help`\.$/u],
    [['models', 'lst'], /^error: unknown command 'lst'$/u, /^Did you mean list\? See `inferno models --help`\.$/u],
    [
      ['serve', '--prot', '1'],
      /^error: There is no flag --prot\. Did you mean --port\?$/u,
      /see also `inferno serve --help`\.$/u,
    ],
    [['serve', '--port', '70000'], /--port <n>.*whole number from 0 to 65535 but received "70000"/u, /serve --help/u],
    [['serve', 'extra'], /too many arguments/u, /serve --help/u],
    [['serve', '--alias', 'a', '--model', 'x', '--model', 'y'], /--alias/u, /./u],
    [
      ['run', '--temperature', 'warm', 'x'],
      /--temperature <x>.*number from 0 to 2 but received "warm"/u,
      /run --help/u,
    ],
    [['run', '--temperature', '', 'x'], /received ""/u, /run --help/u],
    [['run', '--max-tokens', '0', 'x'], /from 1 to 2000000 but received "0"/u, /run --help/u],
    [['run', '--raw', '--system', 'a', 'x'], /exclude each other/u, /leave out --raw/u],
    [['run', ' '], /prompt is empty/u, /run --help/u],
    [['models', 'info'], /missing required argument 'model'/u, /models info --help/u],
    [['models', 'quantize', 'a.gguf', 'b.gguf'], /--type <type>' not specified/u, /quantize --help/u],
  ];
  for (const [args, error, remedy] of cases) {
    it(args.join(' '), async () => {
      const result = await runCli(args);
      const [first = '', second = ''] = result.stderr.trimEnd().split('\n');
      assert.match(first, error);
      assert.match(second, remedy);
      assert.equal(result.stdout, '');
      assert.equal(result.code, 2);
    });
  }

  it('no command at all shows the help on stderr', async () => {
    const result = await runCli([]);
    assert.match(result.stderr, /Usage: inferno/u);
    assert.equal(result.code, 2);
  });

  it('--json makes the error one JSON line on stderr', async () => {
    const result = await runCli(['models', 'list', '--json', '--nope']);
    const report = JSON.parse(result.stderr) as { readonly error: Record<string, string> };
    assert.equal(report.error['code'], 'usage');
    assert.match(report.error['message'] ?? '', /--nope/u);
    assert.match(report.error['remedy'] ?? '', /inferno models list --help/u);
    assert.equal(result.stdout, '');
    assert.equal(result.code, 2);
  });
});
