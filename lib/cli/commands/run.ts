import type { Command } from 'commander';
import type { Model } from '../../api/model.js';
import type { OnnxModel } from '../../onnx/onnx-model.js';
import type { OnnxTextModel } from '../../onnx/onnx-text-model.js';
import { CliError, UsageError } from '../cli-error.js';
import { addGenerationFlags, generationOptionsFrom, type GenerationFlags } from '../generation-flags.js';
import { chatInTerminal } from '../chat-session.js';
import { answerOnce } from '../answer.js';
import { addLoadFlags, loadOptionsFrom, placementFlags, templateFlags, type LoadFlags } from '../load-flags.js';
import { loadWithProgress } from '../load-with-progress.js';
import { chooseModel, sayWhenEmber, type ModelChoice } from '../model-choice.js';
import { nonEmpty } from '../option-parsers.js';

interface RunOptions extends GenerationFlags, LoadFlags {
  readonly model?: string;
  readonly system?: string;
  readonly raw?: boolean;
  readonly json?: boolean;
}

const afterHelp = `
Examples:
  inferno run "Tell me a short story."
  echo "What is two plus three?" | inferno run --temperature 0
  inferno run --model qwen.gguf --system "Answer in one sentence." "What is a GGUF file?"
  inferno run --raw --max-tokens 32 "Once upon a time"
  inferno run                                   chat; /help there lists the commands

Without --model it uses Ember, the small built-in model. The answer goes to stdout, everything else to stderr.`;

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/u, '');
}

/** The prompt from the command line or the pipe; undefined means a chat in the terminal. */
async function choosePrompt(words: readonly string[]): Promise<string | undefined> {
  if (words.length > 0) return words.join(' ');
  if (process.stdin.isTTY) return undefined;
  return readStdin();
}

function checkCombination(prompt: string | undefined, options: RunOptions): void {
  if (prompt?.trim() === '') {
    throw new UsageError('The prompt is empty.', 'Give it as an argument or through a pipe; see `inferno run --help`.');
  }
  if (options.raw === true && options.system !== undefined) {
    throw new UsageError('--raw and --system exclude each other.', 'Put the text into the prompt, or leave out --raw.');
  }
  if (prompt !== undefined) return;
  const flag = options.raw === true ? '--raw' : options.json === true ? '--json' : undefined;
  if (flag !== undefined) {
    throw new UsageError(`${flag} needs a prompt.`, `Give one: \`inferno run ${flag} "Your prompt"\`.`);
  }
}

/** A graph alone has nothing that a prompt could become. */
function textModel(model: Model | OnnxTextModel | OnnxModel, choice: ModelChoice): Model | OnnxTextModel {
  if ('chat' in model) return model;
  const remedy = 'Give a folder with its tokenizer.json, or run the graph from Node.js: `loadModel("x.onnx")`.';
  throw new CliError(
    'task_unsupported',
    `The graph ${choice.id} has no tokenizer, so it cannot answer a prompt.`,
    remedy,
  );
}

async function run(words: readonly string[], options: RunOptions): Promise<void> {
  const choice = await chooseModel(options.model);
  const prompt = await choosePrompt(words);
  checkCombination(prompt, options);
  sayWhenEmber(choice);
  await using model = textModel(await loadWithProgress(choice, { parallel: 1, ...loadOptionsFrom(options) }), choice);
  const generation = generationOptionsFrom(options);
  if (prompt === undefined) {
    await chatInTerminal(model, choice, { system: options.system, generation });
  } else {
    const request = { prompt, system: options.system, raw: options.raw === true, generation };
    await answerOnce(model, choice, request, options.json === true);
  }
}

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('answer one prompt, or chat in this terminal')
    .argument('[prompt...]', 'the prompt; without it, stdin is read, or a chat starts in a terminal')
    .option('-m, --model <file|id>', 'GGUF file, ONNX folder or model id; default: ember', nonEmpty)
    .option('--system <text>', 'the system message')
    .option('--raw', 'continue the prompt as plain text, without the chat template')
    .option('--json', 'print one JSON object with the text, the stop reason, the usage and the timings');
  addLoadFlags(addGenerationFlags(command), ['ctxSize', 'threads', ...placementFlags, 'batchSize', ...templateFlags]);
  command.addHelpText('after', afterHelp).action(run);
}
