import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasPseudoTerminal, startCliInTerminal, type CliProcess } from './cli-process.js';

const skip = hasPseudoTerminal() ? false : 'needs `script` of util-linux for a pseudo terminal';
// readline moves the cursor behind the prompt it has drawn: ESC [ column G.
const promptShown = /> $|> .\[\d+G/u;

/** Types a line and returns what the screen shows until the next prompt. */
async function say(cli: CliProcess, line: string, until: RegExp = promptShown): Promise<string> {
  const from = cli.stdout.length;
  cli.child.stdin.write(`${line}\r`);
  // Past the echo of the line itself, or the prompt in front of it would count.
  const echo = await cli.waitForOutput(/\r\n/u, from);
  const answerFrom = from + echo.index + echo[0].length;
  const shown = await cli.waitForOutput(until, answerFrom);
  return cli.stdout.slice(answerFrom, answerFrom + shown.index);
}

async function startChat(...flags: readonly string[]): Promise<CliProcess> {
  const cli = startCliInTerminal(['run', '--temperature', '0', ...flags]);
  await cli.waitForOutput(promptShown);
  return cli;
}

describe('chat in a terminal', { skip }, () => {
  it('answers, remembers, shows the speed, forgets on /reset and leaves on /exit with 0', async () => {
    await using cli = await startChat('--max-tokens', '24');
    const contextUsed = (screen: string): number => Number(/context (\d+) of/u.exec(screen)?.[1]);
    const first = await say(cli, 'Hello!');
    assert.match(first, /\S[\s\S]*\n\d+ tokens?(, [\d.]+ tokens\/s)?/u);
    const second = await say(cli, 'Hello!');
    assert.ok(contextUsed(second) > contextUsed(first));
    await say(cli, '/reset', /starts anew[\s\S]*> /u);
    const afterReset = await say(cli, 'Hello!');
    assert.equal(contextUsed(afterReset), contextUsed(first));
    cli.child.stdin.write('/exit\r');
    assert.equal((await cli.end()).code, 0);
  });

  it('a mistyped command names the nearest', async () => {
    await using cli = await startChat();
    await say(cli, '/rest', /Did you mean \/reset\?/u);
    cli.child.stdin.write('\u0004');
    assert.equal((await cli.end()).code, 0);
  });

  it('Ctrl-C stops the answer, and once more leaves with 130', async () => {
    await using cli = await startChat('--ignore-eos', '--ctx-size', '16384');
    const from = cli.stdout.length;
    cli.child.stdin.write('Tell me a story.\r');
    await cli.waitForOutput(/\r\n[\s\S]*\w/u, from);
    cli.child.stdin.write('\u0003');
    await cli.waitForOutput(/Stopped\./u, from);
    cli.child.stdin.write('\u0003');
    cli.child.stdin.write('\u0003');
    assert.equal((await cli.end()).code, 130);
  });

  it('Ctrl-C at the prompt says how to leave and does not leave', async () => {
    await using cli = await startChat();
    const from = cli.stdout.length;
    cli.child.stdin.write('\u0003');
    await cli.waitForOutput(/Ctrl-C again or \/exit leaves[\s\S]*> /u, from);
    cli.child.stdin.write('/exit\r');
    assert.equal((await cli.end()).code, 0);
  });
});
