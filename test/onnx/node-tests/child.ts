/** Runs cases with one engine in a process of its own, which one of them may end: `child.ts ENGINE FOLDER`, names on stdin. */
import { createInterface } from 'node:readline';
import { listCases, modelPath, readDataSets, type NodeCase, type NodeValue } from './cases.js';
import { engines, type EngineName, type NodeSession } from './engines.js';
import { difference, type NodeTensor } from './values.js';

function fault(name: string, actual: NodeValue, expected: NodeValue): string | undefined {
  const actuals = (Array.isArray(actual) ? actual : [actual]) as readonly (NodeTensor | undefined)[];
  const wanted = (Array.isArray(expected) ? expected : [expected]) as readonly (NodeTensor | undefined)[];
  if (Array.isArray(actual) !== Array.isArray(expected) || actuals.length !== wanted.length)
    return `${name}: not alike`;
  for (const [index, tensor] of wanted.entries()) {
    const got = actuals[index];
    if (tensor === undefined && got === undefined) continue;
    if (tensor === undefined || got === undefined) return `${name}: one of them is nothing`;
    const differs = difference(got, tensor);
    if (differs !== undefined) return `${name}: ${differs}`;
  }
  return undefined;
}

async function runSets(session: NodeSession, test: NodeCase): Promise<string | undefined> {
  for (const { inputs, outputs } of readDataSets(test)) {
    const results = await session.run(inputs);
    for (const [name, expected] of Object.entries(outputs)) {
      const found = fault(name, results[name], expected);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

async function outcomeOf(engine: EngineName, test: NodeCase): Promise<string | undefined> {
  try {
    const session = await engines[engine](modelPath(test));
    try {
      return await runSets(session, test);
    } finally {
      await session.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const [, , engine, root] = process.argv as [string, string, EngineName, string];

async function main(): Promise<void> {
  const cases = new Map(listCases(root).map((test) => [test.name, test]));
  for await (const name of createInterface({ input: process.stdin })) {
    const test = cases.get(name);
    if (test === undefined) throw new Error(`There is no case ${name}.`);
    const message = await outcomeOf(engine, test);
    // A case may print for itself; the mark tells a result from that.
    process.stdout.write(`\u0000${JSON.stringify({ name, message })}\n`);
  }
}

await main();
