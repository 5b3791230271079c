// Makes docs/postman-collection.json from the description of the API, and the pages of the Node API in docs/api (not in git).
//   node --import tsx scripts/docs.ts            both
//   node --import tsx scripts/docs.ts --check    fails when the collection on disk differs, which is how lint notices
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '../lib/server/openapi/document.js';
import { postmanCollection } from '../lib/server/openapi/postman.js';

const file = fileURLToPath(new URL('../docs/postman-collection.json', import.meta.url));
const content = `${JSON.stringify(postmanCollection(await openApiDocument()), undefined, 2)}\n`;

if (process.argv.includes('--check')) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== content) {
    console.error('docs/postman-collection.json is out of date. Run `npm run docs`.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, content);
  const typedoc = fileURLToPath(new URL('../node_modules/typedoc/bin/typedoc', import.meta.url));
  const result = spawnSync(process.execPath, [typedoc], { stdio: 'inherit' });
  process.exitCode = result.status ?? 1;
}
