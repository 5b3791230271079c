import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { devices, loadModel } from '../../lib/index.js';
import { mergeDevices } from '../../lib/api/devices.js';
import type { NativeDevice, NativeGpuReading } from '../../lib/native-types.js';

const cpu: NativeDevice = {
  name: 'CPU',
  description: 'A processor',
  kind: 'cpu',
  backend: 'CPU',
  pciAddress: '',
  memoryFreeBytes: 3e9,
  memoryTotalBytes: 8e9,
};
const cuda: NativeDevice = {
  name: 'CUDA0',
  description: 'NVIDIA H100',
  kind: 'gpu',
  backend: 'CUDA',
  pciAddress: '0000:0F:00.0',
  memoryFreeBytes: 60e9,
  memoryTotalBytes: 80e9,
};
const nvml: NativeGpuReading = {
  pciAddress: '0000:0f:00.0',
  name: 'NVIDIA H100 80GB HBM3',
  vendor: 'nvidia',
  driver: 'nvidia 570.86.15',
  memoryTotalBytes: 81e9,
  memoryUsedBytes: 20e9,
  utilization: 0.85,
  temperatureCelsius: 61,
  powerWatts: 412.5,
};

describe('devices', () => {
  it('of a backend get what their driver measures, by PCI address', () => {
    const [first, second, ...rest] = mergeDevices({ computing: [cpu, cuda], gpus: [nvml], problems: [] });
    assert.deepEqual(rest, []);
    assert.equal(first?.name, 'CPU');
    assert.equal(first.utilization, undefined);
    assert.deepEqual(second, {
      name: 'CUDA0',
      kind: 'gpu',
      description: 'NVIDIA H100',
      backend: 'CUDA',
      pciAddress: '0000:0F:00.0',
      vendor: 'nvidia',
      driver: 'nvidia 570.86.15',
      memoryTotalBytes: 80e9,
      memoryFreeBytes: 60e9,
      utilization: 0.85,
      temperatureCelsius: 61,
      powerWatts: 412.5,
    });
  });

  it('that no backend drives have no name and the driver’s memory', () => {
    const [, gpu] = mergeDevices({ computing: [cpu], gpus: [nvml], problems: [] });
    assert.equal(gpu?.name, undefined);
    assert.equal(gpu?.description, 'NVIDIA H100 80GB HBM3');
    assert.equal(gpu.memoryFreeBytes, 61e9);
  });

  it('lack what nobody knows, in place of a zero', () => {
    const bare = {
      ...nvml,
      driver: '',
      memoryTotalBytes: undefined,
      utilization: undefined,
    } as unknown as NativeGpuReading;
    const [, gpu] = mergeDevices({ computing: [cpu], gpus: [bare], problems: [] });
    for (const name of ['driver', 'memoryTotalBytes', 'memoryFreeBytes', 'utilization']) {
      assert.ok(!Object.hasOwn(gpu ?? {}, name), name);
    }
  });

  it('seen by two backends are two, and of two GPUs each gets its own readings', () => {
    const vulkan = { ...cuda, name: 'Vulkan0', backend: 'Vulkan' };
    const other = { ...nvml, pciAddress: '0000:af:00.0', utilization: 0 };
    const list = mergeDevices({ computing: [cpu, cuda, vulkan], gpus: [nvml, other], problems: [] });
    assert.deepEqual(
      list.map(({ name, utilization }) => [name, utilization]),
      [
        ['CPU', undefined],
        ['CUDA0', 0.85],
        ['Vulkan0', 0.85],
        [undefined, 0],
      ],
    );
  });

  it('without an address are not taken for each other', () => {
    const nameless = { ...nvml, pciAddress: '' };
    assert.equal(mergeDevices({ computing: [cpu], gpus: [nameless], problems: [] }).length, 2);
  });

  it('of this machine include its processor and its memory', async () => {
    const processor = (await devices()).find(({ kind }) => kind === 'cpu');
    assert.equal(processor?.backend, 'CPU');
    assert.ok((processor.memoryTotalBytes ?? 0) > 0);
  });
});

describe('layers of a model', () => {
  it('without GPUs are all on the CPU, whatever was asked for', async () => {
    for (const gpuLayers of ['auto', 'all', 3] as const) {
      await using model = await loadModel('ember', { gpuLayers, devices: [], tensorSplit: [1, 1], parallel: 1 });
      assert.deepEqual(model.info.gpuLayers, { offloaded: 0, total: model.info.layerCount + 1 });
    }
  });

  it('cannot go to a GPU that is not there: the error names those that are', async () => {
    await assert.rejects(loadModel('ember', { devices: ['CUDA7'] }), (error: Error & { readonly code?: string }) => {
      assert.equal(error.code, 'invalid_argument');
      assert.match(error.message, /There is no GPU "CUDA7"/u);
      assert.match(error.message, /the GPUs are: /u);
      return true;
    });
  });

  it('have options that are checked together', async () => {
    const wrong = {
      gpuLayers: 'most',
      devices: ['CUDA0', ''],
      tensorSplit: [1, -1],
      mainGpu: 1.5,
    } as unknown as object;
    await assert.rejects(loadModel('ember', wrong), (error: Error) => {
      assert.ok(error instanceof TypeError);
      for (const name of ['gpuLayers', 'devices', 'tensorSplit', 'mainGpu'])
        assert.ok(error.message.includes(name), name);
      return true;
    });
    await assert.rejects(loadModel('ember', { tensorSplit: [0, 0] }), RangeError);
    await assert.rejects(loadModel('ember', { tensorSplit: [1, 2], mainGpu: 0 }), RangeError);
  });
});
