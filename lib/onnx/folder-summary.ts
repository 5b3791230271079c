/** What is known of ONNX models without opening them. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { configSchema } from './folder-schemas.js';
import { graphBytes, isDirectory, locateGraph, readFolderJson } from './folder-files.js';

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A folder with a tokenizer and a graph where they usually lie. */
export async function isModelFolder(path: string): Promise<boolean> {
  if (!(await isFile(join(path, 'tokenizer.json')))) return false;
  return locateGraph(path, undefined).then(
    () => true,
    () => false,
  );
}

/** Whether `loadOnnxModel` takes it: a model folder, or the graph of one. A graph alone takes tensors only. */
export async function hasTokenizer(path: string): Promise<boolean> {
  const { directory } = await locateGraph(path, undefined);
  return isFile(join(directory, 'tokenizer.json'));
}

/** Bytes of a graph and its weights; of a folder, of the graph that is meant by it. */
export async function onnxBytes(path: string): Promise<number> {
  const { graphPath } = await locateGraph(path, undefined);
  return graphBytes(graphPath);
}

/** One line: its architecture, or that it is a graph. */
export async function describeFolder(path: string): Promise<string> {
  if (!(await isDirectory(path))) return 'ONNX graph';
  const config = await readFolderJson(path, 'config.json', configSchema);
  const architecture = config?.architectures?.[0] ?? config?.model_type ?? basename(path);
  return `${architecture} in ONNX`;
}
