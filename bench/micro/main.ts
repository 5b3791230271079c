/**
 * Times of the hot TypeScript paths, each alone. They say which part is worth work; what a user sees is measured by
 * bench/main.ts.
 *   npm run bench:micro            all, about half a minute
 *   npm run bench:micro -- --quick shows that everything works
 */
import { Bench } from 'tinybench';
import { addRouting } from './routing.js';
import { addStreamedText } from './streamed-text.js';
import { addValidation } from './validation.js';

const quick = process.argv.includes('--quick');

function row({ name, result }: Bench['tasks'][number]): Record<string, string> {
  if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
  const { latency } = result;
  const microseconds = (ms: number): string => (ms * 1000).toFixed(2);
  return {
    what: name,
    'median µs': microseconds(latency.p50),
    'p99 µs': microseconds(latency.p99),
    '± %': latency.rme.toFixed(1),
    samples: String(latency.samplesCount),
  };
}

async function main(): Promise<void> {
  const bench = new Bench(quick ? { time: 20, warmupTime: 5 } : { time: 1000, warmupTime: 250 });
  addStreamedText(bench);
  addValidation(bench);
  const end = await addRouting(bench);
  try {
    await bench.run();
  } finally {
    await end();
  }
  console.table(bench.tasks.map(row));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
