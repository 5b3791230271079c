import type { Command } from 'commander';
import { listModels } from '../../models/registry.js';
import { formatBytes, formatParameters, formatTable } from '../format.js';
import { print, printJson } from '../output.js';

const afterHelp = `
Examples:
  inferno models list
  inferno models list --json

These ids can be given to --model. Any other file or folder is given by its path.`;

async function list(options: { readonly json?: boolean }): Promise<void> {
  const models = await listModels();
  if (options.json === true) {
    printJson(models);
    return;
  }
  const rows = models.map((model) => [
    model.id,
    model.format,
    model.parameterCount === 0 ? '' : formatParameters(model.parameterCount),
    formatBytes(model.sizeBytes),
    model.description,
  ]);
  print(formatTable([['ID', 'FORMAT', 'PARAMETERS', 'SIZE', 'DESCRIPTION'], ...rows]));
}

export function addModelsListCommand(models: Command): void {
  models
    .command('list')
    .description('list the models known by id')
    .option('--json', 'print a JSON array')
    .addHelpText('after', afterHelp)
    .action(list);
}
