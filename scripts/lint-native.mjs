// Checks what the compilers do not: the C++ format, the arrows between the layers, and the sizes of functions and files.
//   node scripts/lint-native.mjs          check
//   node scripts/lint-native.mjs --fix    format the C++ files in place, then check the rest
// clang-format comes from an npm package (WebAssembly), so its version is pinned and nothing needs to be installed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from '@wasm-fmt/clang-format';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const maxFunctionLines = 60;
const maxFileLines = 400;

/** @type {string[]} */
const faults = [];

function filesBelow(folder, pattern) {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter((path) => !/^native\/vendor\//u.test(path))
    .sort();
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

function checkFormat(paths, fix) {
  const style = read('.clang-format');
  for (const path of paths) {
    const source = read(path);
    const formatted = format(source, path, style);
    if (formatted === source) continue;
    if (fix) writeFileSync(join(root, path), formatted);
    else faults.push(`${path}: not formatted; run \`npm run format\``);
  }
}

/** What a line of a file below `folder` must not contain, and why. */
const forbidden = [
  {
    folder: /^(native|test\/native)\//u,
    line: /#include\s*[<"](napi|node_api|node|v8|uv|js_native_api)[.\-_a-z]*\.h[>"]/u,
    why: 'the engine knows nothing of Node',
  },
  { folder: /^native\//u, line: /#include\s*"(binding|lib|test)\//u, why: 'native/ is below binding/ and lib/' },
  {
    folder: /^native\/(core|gguf)\//u,
    line: /#include\s*[<"](llama|ggml|gguf|common|chat|sampling)[-.a-z]*\.h[>"]/u,
    why: 'only native/llama may use llama.cpp',
  },
  {
    folder: /^(?!native\/onnx\/)/u,
    line: /#include\s*[<"]onnxruntime[_a-z]*\.h[>"]|#include\s*"native\/onnx\/api\.h"/u,
    why: 'only native/onnx may use ONNX Runtime',
  },
  {
    // The probe tries files of both kinds.
    folder: /^native\/(core|gguf|queue|profile|llama)\/(?!probe_main)/u,
    line: /#include\s*"native\/onnx\//u,
    why: 'nothing in native/ is above native/onnx',
  },
  {
    folder: /^binding\//u,
    line: /#include\s*"(?!binding\/|native\/)|#include\s*<(llama|ggml|common|chat|sampling)[-.a-z]*\.h>/u,
    why: 'the binding talks to native/ only',
  },
  {
    folder: /^lib\/(?!native\.ts$)/u,
    line: /node-gyp-build|process\.dlopen|\.node['"`]|createRequire|import\.meta\.(url|dirname|filename)/u,
    why: 'only lib/native.ts loads the addon and knows where it lies',
  },
  {
    folder: /^lib\/(?!server\/|cli\/|index\.ts$)/u,
    line: /from\s+'[./]*\/(server|cli)\//u,
    why: 'the arrows are cli → server → api',
  },
  { folder: /^lib\/(?!cli\/)/u, line: /from\s+'[./]*\/cli\//u, why: 'nothing depends on the command line tool' },
];

function checkArrows(paths) {
  for (const path of paths) {
    const rules = forbidden.filter((rule) => rule.folder.test(path));
    if (rules.length === 0) continue;
    read(path)
      .split('\n')
      .forEach((line, index) => {
        // A comment may name what the code must not use.
        if (/^\s*(\/\/|\*|\/\*)/u.test(line)) return;
        for (const rule of rules) {
          if (rule.line.test(line)) faults.push(`${path}:${index + 1}: ${rule.why}: ${line.trim()}`);
        }
      });
  }
}

const notAFunction = /^(namespace|extern|class|struct|enum|union|#|\/\/)|=\s*\{$/u;

/**
 * Lengths of the function bodies of a formatted C++ file: namespaces are not indented there, so a definition starts at
 * column 0 or (inside a class) at 4 and ends with a brace at the same column.
 */
function functionLengths(path) {
  const lengths = [];
  /** @type {Map<number, number>} column → line of the definition that is open there */
  const open = new Map();
  read(path)
    .split('\n')
    .forEach((line, index) => {
      const column = line.search(/\S/u);
      if (column !== 0 && column !== 4) return;
      const text = line.trim();
      const start = open.get(column);
      if (start !== undefined && text.startsWith('}')) {
        lengths.push({ path, line: start + 1, lines: index - start + 1 });
        open.delete(column);
      } else if (/[^\s]\s*\{$/u.test(text) && !notAFunction.test(text) && !open.has(0)) {
        if (column === 0 || /\)[^;]*\{$/u.test(text)) open.set(column, index);
      }
    });
  return lengths;
}

function checkSizes(paths) {
  const lengths = paths.flatMap(functionLengths).sort((a, b) => a.lines - b.lines);
  for (const { path, line, lines } of lengths) {
    if (lines > maxFunctionLines)
      faults.push(`${path}:${line}: a function of ${lines} lines; at most ${maxFunctionLines}`);
  }
  for (const path of paths) {
    const lines = read(path).split('\n').length - 1;
    if (lines > maxFileLines) faults.push(`${path}: ${lines} lines; at most ${maxFileLines}`);
  }
  const at = (part) => lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * part))]?.lines ?? 0;
  console.log(
    `C++: ${paths.length} files, ${lengths.length} functions, lines of a function: median ${at(0.5)}, p99 ${at(0.99)}`,
  );
}

const native = ['binding', 'native', 'test/native'].flatMap((folder) => filesBelow(folder, /\.(cpp|h)$/u));
checkFormat(native, process.argv.includes('--fix'));
checkArrows([...native, ...filesBelow('lib', /\.ts$/u)]);
checkSizes(native.filter((path) => !path.startsWith('test/')));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
