import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { quantizationTypes, quantizeModel } from '../../api/quantize.js';
import { CliError, UsageError } from '../cli-error.js';
import { formatBytes } from '../format.js';
import { nearest } from '../../nearest.js';
import { integerIn } from '../option-parsers.js';
import { print, printJson } from '../output.js';
import { ProgressLine } from '../progress-line.js';

interface QuantizeOptions {
  readonly type: string;
  readonly threads?: number;
  readonly force?: boolean;
  readonly json?: boolean;
}

const afterHelp = `
Examples:
  inferno models quantize model-f16.gguf model-q4.gguf --type Q4_K_M
  inferno models quantize model-f16.gguf model-q8.gguf --type Q8_0 --force

Q4_K_M is the usual choice, Q8_0 is nearly exact, and smaller types lose more. An unknown type lists all of them.`;

function checkType(type: string): string {
  const types = quantizationTypes();
  const known = types.find((name) => name.toLowerCase() === type.toLowerCase());
  if (known !== undefined) return known;
  const suggestion = nearest(type, types);
  const remedy = `${suggestion === undefined ? '' : `Did you mean ${suggestion}? `}Known types: ${types.join(', ')}.`;
  throw new UsageError(`There is no quantization type "${type}".`, remedy);
}

function checkOutput(input: string, output: string, force: boolean): void {
  if (resolve(input) === resolve(output)) {
    throw new UsageError('The input and the output are the same file.', 'Give another output.');
  }
  if (existsSync(output) && !force) {
    throw new CliError('file_exists', `${output} exists already.`, 'Give another output, or --force to replace it.');
  }
}

async function quantize(input: string, output: string, options: QuantizeOptions): Promise<void> {
  const type = checkType(options.type);
  checkOutput(input, output, options.force === true);
  const progress = new ProgressLine(`Quantizing to ${type}`);
  try {
    await quantizeModel(input, output, { type, threads: options.threads ?? 0 });
  } catch (error) {
    progress.abandon();
    throw error;
  }
  progress.finish(`Quantized to ${type}`);
  const [bytesBefore, bytesAfter] = [statSync(input).size, statSync(output).size];
  if (options.json === true) printJson({ input, output, type, bytesBefore, bytesAfter });
  else print(`${output}: ${formatBytes(bytesAfter)}, was ${formatBytes(bytesBefore)}`);
}

export function addModelsQuantizeCommand(models: Command): void {
  models
    .command('quantize')
    .description('write a smaller copy of a GGUF model')
    .argument('<in>', 'GGUF file, best in F16, BF16 or F32')
    .argument('<out>', 'GGUF file to write')
    .requiredOption('-t, --type <type>', 'for example Q4_K_M')
    .option('--threads <n>', 'threads; default: all cores', integerIn(1, 1024))
    .option('--force', 'replace the output when it exists')
    .option('--json', 'print one JSON object')
    .addHelpText('after', afterHelp)
    .action(quantize);
}
