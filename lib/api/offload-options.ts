import { expected } from '../errors.js';
import type { NativeLoadOptions, NativeOffloadOption } from '../native-load-types.js';
import type { OptionReader } from './option-reader.js';

const autoLayers = -1;
const allLayers = -2;
const mostGpus = 64;

function readDevices(options: OptionReader): readonly string[] {
  const names = options.array('devices');
  if (names === undefined) return [];
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';
  if (names.every(isName)) return names.length === 0 ? ['none'] : names;
  options.faults.type(expected('names of GPUs', 'devices', names));
  return [];
}

function readShares(options: OptionReader): readonly number[] {
  const shares = options.array('tensorSplit');
  if (shares === undefined) return [];
  const isShare = (share: unknown): share is number =>
    typeof share === 'number' && share >= 0 && Number.isFinite(share);
  if (!shares.every(isShare)) options.faults.type(expected('numbers that are not negative', 'tensorSplit', shares));
  else if (shares.every((share) => share === 0)) options.faults.range('tensorSplit gives no GPU a share.');
  else return shares;
  return [];
}

/** Where the weights are to lie. */
export function readOffload(options: OptionReader): Pick<NativeLoadOptions, NativeOffloadOption> {
  const isAll = options.raw('gpuLayers') === 'all';
  const count = { min: 0, max: 10_000, integer: true } as const;
  const settings = {
    gpuLayers: isAll ? allLayers : options.numberOrAuto('gpuLayers', count, autoLayers),
    devices: readDevices(options),
    tensorSplit: readShares(options),
    mainGpu: options.number('mainGpu', { min: 0, max: mostGpus - 1, integer: true }, -1),
  };
  if (settings.mainGpu >= 0 && settings.tensorSplit.length > 0) {
    options.faults.range('mainGpu puts everything on one GPU, so tensorSplit cannot be given beside it.');
  }
  return settings;
}
