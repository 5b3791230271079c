/**
 * A model of this process. It is loaded anew for each run: where a model's memory lies makes a few percent of its speed,
 * and with one load for all runs their spread would not show it.
 */
import type { Model } from '../../api/model.js';
import type { LoadModelOptions } from '../../api/types.js';
import { ownSide } from '../compare/compare-results.js';
import { probeWords, randomText } from './bench-prompts.js';
import type { BenchTarget, MemoryReading, OpenTarget } from './bench-target.js';
import { ModelTransport } from './model-transport.js';

export interface InProcessModel {
  /** How measurements call it. */
  readonly label: string;
  /** What `loadModel` takes. */
  readonly source: string;
  readonly options: LoadModelOptions;
}

function readMemory(model: Model): MemoryReading {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, js_heap: heapUsed, model_memory: model.memoryBytes() };
}

function openTarget(model: Model, label: string, loadMs: number): OpenTarget {
  const { info } = model;
  const count = (words: number): number => model.tokenize(randomText(words, 0), { addSpecial: true }).length;
  return {
    transport: () => new ModelTransport(model),
    model: {
      label,
      fileBytes: info.sizeBytes,
      parameters: info.parameterCount,
      quantization: info.fileType,
      architecture: info.architecture,
      contextSize: info.contextSize,
    },
    loadMs,
    calibration: { once: count(probeWords), twice: count(2 * probeWords) },
    isInProcess: true,
    readMemory: () => Promise.resolve(readMemory(model)),
    close: () => model.unload(),
  };
}

export function inProcessTarget({ label, source, options }: InProcessModel): BenchTarget {
  return {
    side: ownSide,
    async software() {
      const { systemInfo } = await import('../../api/system-info.js');
      const { llamaVersion, cpuBackend, devices } = systemInfo();
      const others = devices.filter(({ kind }) => kind !== 'cpu').map(({ description }) => description);
      return { llamaCpp: llamaVersion, backend: [cpuBackend, ...others].join(', ') };
    },
    async open(signal) {
      // Here, so that a benchmark of a server does not load the addon.
      const { loadModel } = await import('../../api/load-model.js');
      const startedAt = performance.now();
      const model = await loadModel(source, { ...options, signal });
      return openTarget(model, label, performance.now() - startedAt);
    },
  };
}
