/** A graph that adds eight numbers, called again and again with the same tensors: what is left is the cost of a call. */
import { setTimeout as delay } from 'node:timers/promises';
import { openOnnxModel } from '../../lib/onnx/open-onnx-model.js';
import { Tensor } from '../../lib/onnx/tensor.js';
import { onnxruntimeNode } from '../peers/onnxruntime-node.js';

export const callSides = ['inferno run', 'inferno runSync', 'onnxruntime-node'] as const;
export type CallSide = (typeof callSides)[number];

interface Caller {
  /** `count` calls, one after the other. */
  call(count: number): Promise<void> | void;
  close(): Promise<void>;
}

const a = Float32Array.from({ length: 8 }, (_, index) => index);
const b = Float32Array.from({ length: 8 }, (_, index) => 10 * index);

async function inferno(path: string, sync: boolean): Promise<Caller> {
  const model = await openOnnxModel(path);
  const feeds = { a: new Tensor('float32', a, [8]), b: new Tensor('float32', b, [8]) };
  return {
    call: sync
      ? (count) => {
          for (let done = 0; done < count; done++) model.runSync(feeds);
        }
      : async (count) => {
          for (let done = 0; done < count; done++) await model.run(feeds);
        },
    close: () => model.close(),
  };
}

async function peer(path: string): Promise<Caller> {
  const ort = onnxruntimeNode();
  const session = await ort.InferenceSession.create(path);
  const feeds = { a: new ort.Tensor('float32', a, [8]), b: new ort.Tensor('float32', b, [8]) };
  return {
    async call(count) {
      for (let done = 0; done < count; done++) await session.run(feeds);
    },
    close: () => session.release(),
  };
}

async function open(side: CallSide, path: string): Promise<Caller> {
  return side === 'onnxruntime-node' ? peer(path) : inferno(path, side === 'inferno runSync');
}

/** Microseconds of a call: the median of many short series, because others use the machine too. */
export async function callTime(side: CallSide, path: string, calls: number): Promise<number> {
  const caller = await open(side, path);
  const series = 50;
  const perSeries = Math.ceil(calls / series);
  await caller.call(perSeries);
  const times: number[] = [];
  for (let index = 0; index < series; index++) {
    const start = process.hrtime.bigint();
    await caller.call(perSeries);
    times.push(Number(process.hrtime.bigint() - start) / 1000 / perSeries);
  }
  await caller.close();
  return times.sort((one, other) => one - other)[series / 2] ?? NaN;
}

export interface MemoryOverCalls {
  /** Resident bytes after each tenth of the calls. */
  readonly bytes: readonly number[];
}

/** Memory that calls take and do not give back shows from the second tenth on; the first fills heaps and caches. */
export async function callMemory(side: CallSide, path: string, calls: number): Promise<MemoryOverCalls> {
  const caller = await open(side, path);
  const bytes: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    for (let part = 0; part < 10; part++) {
      await caller.call(calls / 100);
      // Outputs are freed by the collector, which a loop without a pause keeps from its finalizers.
      await delay(1);
    }
    globalThis.gc?.();
    await delay(10);
    bytes.push(process.memoryUsage.rss());
  }
  await caller.close();
  return { bytes };
}
