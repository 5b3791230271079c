/** Prints the tables of docs/llama-server.md: `node --import tsx scripts/llama-flags-table.mts`. */
import { llamaFlags } from '../lib/cli/llama-flags/table.js';
import type { LlamaFlag } from '../lib/cli/llama-flags/flag.js';

function meaning({ effect }: LlamaFlag): string {
  if (effect.kind === 'ours') return effect.says.startsWith('--') ? `\`${effect.says}\`` : effect.says;
  if (effect.kind === 'request') return `default of \`${effect.field}\``;
  return effect.kind === 'depends' ? effect.says : effect.why;
}

const sections: readonly (readonly [string, readonly LlamaFlag['effect']['kind'][]])[] = [
  ['Same meaning', ['ours', 'request']],
  ['Depends on the value', ['depends']],
  ['Without effect', ['ignored']],
  ['Errors', ['refused']],
];
for (const [title, kinds] of sections) {
  console.log(`### ${title}\n\n| llama-server | environment | here |\n|---|---|---|`);
  for (const flag of llamaFlags.filter(({ effect }) => kinds.includes(effect.kind))) {
    const written = flag.written.replaceAll('|', '\\|');
    console.log(
      `| \`${written}\` | ${flag.environment === undefined ? '' : `\`${flag.environment}\``} | ${meaning(flag)} |`,
    );
  }
  console.log('');
}
