import { createInterface, type Interface } from 'node:readline';
import type { TextModel } from './text-model.js';
import type { ChatMessage } from '../api/types.js';
import { describeResult } from './answer.js';
import { InterruptedError } from './cli-error.js';
import type { GenerationFlags } from './generation-flags.js';
import type { ModelChoice } from './model-choice.js';
import { nearest } from '../nearest.js';
import { dim, note, printError, writeAnswer } from './output.js';

export interface ChatSettings {
  readonly system: string | undefined;
  readonly generation: GenerationFlags;
}

const help = `/system TEXT  set the system message (alone: show it)
/reset        forget the conversation
/exit         leave (so does Ctrl-D)
Ctrl-C stops an answer; twice leaves.`;
const commands = ['/help', '/system', '/reset', '/exit'];
const prompt = '> ';

/** A conversation in the terminal: reads a line, streams the answer, keeps the history. */
class ChatSession {
  readonly #model: TextModel;
  readonly #generation: GenerationFlags;
  readonly #terminal: Interface;
  #system: string | undefined;
  #messages: ChatMessage[] = [];
  #answering: AbortController | undefined;
  /** Ctrl-C presses since the last line was entered. */
  #interrupts = 0;
  #leftByInterrupt = false;

  constructor(model: TextModel, settings: ChatSettings) {
    this.#model = model;
    this.#generation = settings.generation;
    this.#system = settings.system;
    // With stdout redirected the conversation's text goes there and the prompt stays on the terminal.
    const output = process.stdout.isTTY ? process.stdout : process.stderr;
    this.#terminal = createInterface({ input: process.stdin, output, terminal: true, prompt });
    this.#terminal.on('SIGINT', () => {
      this.#interrupt();
    });
  }

  /** Lines typed or pasted during an answer wait in the iterator and are answered in turn. */
  async run(): Promise<void> {
    this.#terminal.prompt();
    for await (const line of this.#terminal) {
      this.#interrupts = 0;
      if (line.trim() === '/exit') break;
      if (line.trim() !== '') await this.#take(line.trim());
      if (this.#leftByInterrupt) break;
      this.#terminal.prompt();
    }
    this.#terminal.close();
    if (this.#leftByInterrupt) throw new InterruptedError();
  }

  async #take(line: string): Promise<void> {
    if (line.startsWith('/')) {
      this.#command(line);
      return;
    }
    await this.#answer(line);
  }

  #command(line: string): void {
    const [name = '', ...words] = line.split(/\s+/u);
    switch (name) {
      case '/help':
        note(help);
        break;
      case '/reset':
        this.#messages = [];
        note(dim('The conversation starts anew.'));
        break;
      case '/system':
        if (words.length > 0) this.#system = words.join(' ');
        note(dim(`System message: ${this.#system ?? 'none'}`));
        break;
      default: {
        const suggestion = nearest(name, commands);
        note(`Unknown command ${name}. ${suggestion === undefined ? 'Try /help.' : `Did you mean ${suggestion}?`}`);
      }
    }
  }

  async #answer(question: string): Promise<void> {
    const abort = new AbortController();
    this.#answering = abort;
    const turn: ChatMessage = { role: 'user', content: question };
    const system: ChatMessage[] = this.#system === undefined ? [] : [{ role: 'system', content: this.#system }];
    let text = '';
    try {
      const options = { ...this.#generation, signal: abort.signal };
      const generation = this.#model.chat([...system, ...this.#messages, turn], options);
      for await (const part of generation) {
        text += part.text;
        writeAnswer(part.text);
      }
      const result = await generation;
      if (!text.endsWith('\n')) writeAnswer('\n');
      const used = result.usage.promptTokens + result.usage.completionTokens;
      const context = `context ${String(used)} of ${String(this.#model.info.contextSize)}`;
      note(dim(`${describeResult(result)}, ${context}`));
    } catch (error) {
      if (text !== '' && !text.endsWith('\n')) writeAnswer('\n');
      if (!abort.signal.aborted) {
        printError(error, false);
        return;
      }
      note(dim('Stopped.'));
    } finally {
      this.#answering = undefined;
    }
    // A stopped answer stays in the conversation as far as it came: the user has read it.
    if (text !== '') this.#messages.push(turn, { role: 'assistant', content: text });
  }

  #interrupt(): void {
    this.#interrupts += 1;
    this.#answering?.abort();
    if (this.#interrupts > 1) {
      this.#leftByInterrupt = true;
      this.#terminal.close();
      return;
    }
    if (this.#answering !== undefined) return;
    process.stdout.write('\n');
    note(dim('Ctrl-C again or /exit leaves.'));
    this.#terminal.prompt();
  }
}

export async function chatInTerminal(model: TextModel, choice: ModelChoice, settings: ChatSettings): Promise<void> {
  note(dim(`Chat with ${choice.id}. /help lists the commands, /exit leaves.`));
  await new ChatSession(model, settings).run();
}
