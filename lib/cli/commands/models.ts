import type { Command } from 'commander';
import { addModelsInfoCommand } from './models-info.js';
import { addModelsListCommand } from './models-list.js';
import { addModelsQuantizeCommand } from './models-quantize.js';

export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('list, describe and quantize models');
  addModelsListCommand(models);
  addModelsInfoCommand(models);
  addModelsQuantizeCommand(models);
}
