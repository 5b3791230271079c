import { basename } from 'node:path';
import type { OnnxValueInfo } from '../onnx/onnx-model.js';
import { formatBytes, formatTable } from './format.js';
import { print, printJson } from './output.js';

/** "input_ids: int64 [batch, sequence]". */
function valueText({ name, type, kind, dims }: OnnxValueInfo): string {
  const shape = `[${dims.map((dim) => dim ?? '?').join(', ')}]`;
  return `${name}: ${kind === 'tensor' ? '' : `${kind} of `}${type} ${shape}`;
}

interface FolderFacts {
  readonly architecture?: string;
  readonly maxLength?: number;
  readonly pooling?: string;
  readonly task?: string;
  readonly vocabularySize?: number;
}

/** What the files around a graph say; nothing for a graph alone. */
async function folderFacts(path: string, inputs: readonly string[], outputs: readonly string[]): Promise<FolderFacts> {
  const { hasTokenizer } = await import('../onnx/folder-summary.js');
  if (!(await hasTokenizer(path))) return {};
  const { readModelFolder } = await import('../onnx/model-folder.js');
  const { TextTokenizer } = await import('../onnx/tokenizer.js');
  const { taskOf } = await import('../onnx/model-task.js');
  const folder = await readModelFolder(path);
  const { config, maxLength, pooling, isSentenceModel } = folder;
  const [architecture] = config.architectures ?? [];
  return {
    ...(architecture === undefined ? {} : { architecture }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pooling === undefined ? {} : { pooling }),
    task: taskOf({ config, isSentenceModel, inputs, outputs }),
    vocabularySize: new TextTokenizer(folder).vocabularySize,
  };
}

/** `inferno models info` of a model in ONNX. */
export async function showOnnxInfo(id: string, path: string, json: boolean): Promise<void> {
  const { locateGraph, graphBytes } = await import('../onnx/folder-files.js');
  const { openOnnxModel } = await import('../onnx/open-onnx-model.js');
  const { graphPath } = await locateGraph(path, undefined);
  await using model = await openOnnxModel(graphPath);
  const { inputs, outputs, metadata } = model;
  const names = (values: readonly OnnxValueInfo[]): string[] => values.map(({ name }) => name);
  const facts = await folderFacts(path, names(inputs), names(outputs));
  const sizeBytes = await graphBytes(graphPath);
  if (json) {
    printJson({ id, path, format: 'onnx', graph: basename(graphPath), sizeBytes, ...facts, inputs, outputs, metadata });
    return;
  }
  const rows = [
    ['Id', id],
    ['Path', path],
    ['Graph', basename(graphPath)],
    ['Architecture', facts.architecture ?? ''],
    ['Task', facts.task ?? 'tensors'],
    ['Size', formatBytes(sizeBytes)],
    ['Longest input', facts.maxLength === undefined ? '' : `${String(facts.maxLength)} tokens`],
    ['Pooling', facts.pooling ?? ''],
    ['Vocabulary', facts.vocabularySize === undefined ? '' : `${String(facts.vocabularySize)} tokens`],
    ...inputs.map((value) => ['Input', valueText(value)]),
    ...outputs.map((value) => ['Output', valueText(value)]),
  ];
  print(formatTable(rows.filter(([, value]) => value !== '')));
}
