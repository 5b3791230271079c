/** Run by processes.test.ts: starts a child that never ends by itself, says its number, then ends as asked. */
import { ChildProcesses, startBusyLoop } from '../../bench/processes.js';

async function main(): Promise<void> {
  const children = new ChildProcesses();
  const child = await startBusyLoop(children, 0);
  console.log(String(child.pid));
  if (process.argv[2] === 'fail') throw new Error('a failure in the middle of a benchmark');
}

void main();
