import type { Command } from 'commander';
import { inspectModelFile } from '../../api/inspect-model-file.js';
import { formatBytes, formatParameters, formatTable } from '../format.js';
import { chooseModel } from '../model-choice.js';
import { print, printJson } from '../output.js';
import { showOnnxInfo } from '../onnx-info.js';

const afterHelp = `
Examples:
  inferno models info ember
  inferno models info qwen.gguf --json
  inferno models info ./all-MiniLM-L6-v2

A GGUF file is read and checked, not loaded; a graph in ONNX is opened.`;

async function showInfo(wanted: string, options: { readonly json?: boolean }): Promise<void> {
  const { id, path, format } = await chooseModel(wanted);
  if (format === 'onnx') {
    await showOnnxInfo(id, path, options.json === true);
    return;
  }
  const summary = await inspectModelFile(path);
  if (options.json === true) {
    printJson({ id, path, ...summary });
    return;
  }
  const rows = [
    ['Id', id],
    ['File', path],
    ['Name', summary.name],
    ['Architecture', summary.architecture],
    ['Parameters', formatParameters(summary.parameterCount)],
    ['Size', formatBytes(summary.fileSizeBytes)],
    ['Trained context', `${String(summary.contextLength)} tokens`],
    ['Vocabulary', `${String(summary.vocabularySize)} tokens`],
    ['Tensors', String(summary.tensorCount)],
    ['GGUF version', String(summary.version)],
  ];
  print(formatTable(rows.filter(([, value]) => value !== '')));
}

export function addModelsInfoCommand(models: Command): void {
  models
    .command('info')
    .description('describe a model')
    .argument('<model>', 'GGUF file, ONNX file or folder, or model id')
    .option('--json', 'print one JSON object')
    .addHelpText('after', afterHelp)
    .action(showInfo);
}
