// ONNX's backend tests through Inferno and through onnxruntime-node, as a table.
//   npm run test:onnx-nodes [-- --verbose] [-- --data FOLDER]
// The cases are those of Debian's package libonnx-testdata. Fails when onnxruntime-node passes a case that Inferno does not.
import { parseArgs } from 'node:util';
import { defaultFolder, listCases } from './cases.js';
import { engineNames } from './engines.js';
import { outcomesOf, type Outcomes } from './outcomes.js';

const { values } = parseArgs({
  options: { data: { type: 'string', default: defaultFolder }, verbose: { type: 'boolean', default: false } },
});

interface Row {
  readonly group: string;
  readonly cases: number;
  readonly passes: readonly number[];
}

function passes(outcomes: Outcomes, names: readonly string[]): number {
  return names.filter((name) => outcomes.has(name) && outcomes.get(name) === undefined).length;
}

function table(rows: readonly Row[]): string {
  const head = ['group', 'cases', ...engineNames];
  const body = rows.map(({ group, cases, passes: counts }) => [group, String(cases), ...counts.map(String)]);
  const widths = head.map((title, column) =>
    Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join('\n');
}

async function main(): Promise<number> {
  const names = listCases(values.data).map(({ name }) => name);
  if (names.length === 0) {
    console.error(`There are no cases in ${values.data}. On Debian: apt-get install libonnx-testdata`);
    return 2;
  }
  const all: Outcomes[] = [];
  for (const engine of engineNames) all.push(await outcomesOf(engine, values.data, names));
  const groups = [...new Set(names.map((name) => name.slice(0, name.indexOf('/'))))];
  const rowOf = (group: string, members: readonly string[]): Row => ({
    group,
    cases: members.length,
    passes: all.map((outcomes) => passes(outcomes, members)),
  });
  const rows = groups.map((group) =>
    rowOf(
      group,
      names.filter((name) => name.startsWith(`${group}/`)),
    ),
  );
  console.log(table([...rows, rowOf('all', names)]));
  const [own, theirs] = all;
  const behind = names.filter((name) => own?.get(name) !== undefined && theirs?.get(name) === undefined);
  for (const name of behind) console.log(`Only onnxruntime-node passes ${name}: ${String(own?.get(name))}`);
  if (values.verbose) {
    for (const name of names.filter((failed) => own?.get(failed) !== undefined)) {
      console.log(`${name}: ${String(own?.get(name))}`);
    }
  }
  return behind.length === 0 ? 0 : 1;
}

process.exitCode = await main();
