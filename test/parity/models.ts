/** Two trained models, and a synthetic one whose random weights make near ties frequent. */
import { benchModel } from '../../bench/models.js';
import { testModels } from '../support/with-model.js';

export interface ParityModel {
  readonly name: string;
  readonly path: string;
  readonly flashAttention: 'on' | 'off';
}

export function syntheticModel(): ParityModel {
  const folder = process.env['INFERNO_BENCH_MODELS_DIR'];
  const { label, path } = benchModel('160m', { folder, quick: false });
  return { name: label, path, flashAttention: 'on' };
}

export function parityModels(): ParityModel[] {
  return [...testModels.map((model) => ({ ...model, flashAttention: 'off' as const })), syntheticModel()];
}
