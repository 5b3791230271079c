// Makes lib/error-codes.ts, lib/version.ts and docs/errors.md from native/core/error_codes.def and package.json.
// `--check` fails when a file on disk differs, which is how lint notices a forgotten run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rowPattern = /^INFERNO_ERROR\((\w+),\s*"([^"]+)",\s*(\d+),\s*"([^"]+)",\s*"([^"]+)"\)$/;

function readTable() {
  const lines = readFileSync(join(root, 'native/core/error_codes.def'), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('INFERNO_ERROR('));
  return rows.map((line) => {
    const match = rowPattern.exec(line);
    if (match === null) throw new Error(`native/core/error_codes.def: this row cannot be read: ${line}`);
    const [, name, code, status, type, remedy] = match;
    return { name, code, status: Number(status), type, remedy };
  });
}

const quote = (text) => (text.includes("'") ? JSON.stringify(text) : `'${text}'`);

function errorCodesModule(table) {
  const rows = table.map(
    ({ code, status, type, remedy }) =>
      `  ${code}: {\n    status: ${status},\n    type: ${quote(type)},\n    remedy: ${quote(remedy)},\n  },`,
  );
  return `// Generated from native/core/error_codes.def by \`npm run generate\`. Do not edit.

/** What each stable error code means: HTTP status, OpenAI error type and what to do. */
export const errorCodes = {
${rows.join('\n')}
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes;
`;
}

function versionModule() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `// Generated from package.json by \`npm run generate\`. Do not edit.

/** Version of this package. */
export const packageVersion = '${version}';
`;
}

function errorsPage(table) {
  const rows = table.map(({ code, status, type, remedy }) => `| \`${code}\` | ${status} | \`${type}\` | ${remedy} |`);
  return `# Errors

Generated from \`native/core/error_codes.def\` by \`npm run generate\`. Do not edit.

Every failure has a stable code: \`InfernoError.code\` in Node, \`error.code\` in the server's JSON. The message says what was
wrong, the table what to do.

| code | HTTP status | OpenAI type | what to do |
|---|---|---|---|
${rows.join('\n')}
`;
}

const table = readTable();
const outputs = {
  'lib/error-codes.ts': errorCodesModule(table),
  'lib/version.ts': versionModule(),
  'docs/errors.md': errorsPage(table),
};
const check = process.argv.includes('--check');
for (const [path, content] of Object.entries(outputs)) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === content) continue;
  if (check) {
    console.error(`${path} is out of date. Run \`npm run generate\`.`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, content);
  }
}
