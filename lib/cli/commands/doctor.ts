import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { diagnose } from '../diagnosis/diagnose.js';
import type { Diagnosis } from '../diagnosis/fact.js';
import { bold, print, printJson } from '../output.js';

const afterHelp = `
Examples:
  inferno doctor
  inferno doctor --json`;

function printDiagnosis(diagnosis: Diagnosis): void {
  for (const { label, value } of diagnosis.facts) print(`${bold(label.padEnd(16))} ${value}`);
  print('');
  for (const check of diagnosis.checks) {
    print(`${check.status.padEnd(8)} ${check.name}: ${check.detail}`);
    if (check.remedy !== undefined) print(`${' '.repeat(9)}${check.remedy}`);
  }
}

async function doctor(options: { readonly json?: boolean }): Promise<void> {
  const diagnosis = await diagnose();
  if (options.json === true) printJson(diagnosis);
  else printDiagnosis(diagnosis);
  const problems = diagnosis.checks.filter((check) => check.status === 'problem');
  if (problems.length === 0) return;
  const names = problems.map((check) => check.name).join(', ');
  throw new CliError('unhealthy', `Not everything works: ${names}.`, problems[0]?.remedy ?? 'See the checks above.');
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check this installation and say what is wrong')
    .option('--json', 'print one JSON object')
    .addHelpText('after', afterHelp)
    .action(doctor);
}
