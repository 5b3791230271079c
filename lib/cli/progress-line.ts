const barWidth = 24;
/** Redrawing more often than the eye can follow only costs time. */
const redrawMs = 80;

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/**
 * One line on stderr about long work. On a terminal it is redrawn in place, with a bar once a fraction is known and
 * with the time that has passed; anywhere else it is one plain line at the start and one at the end.
 */
export class ProgressLine {
  readonly #label: string;
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #fraction: number | undefined;

  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label;
    this.#stream = stream;
    if (stream.isTTY) {
      this.#draw();
      this.#timer = setInterval(() => {
        this.#draw();
      }, redrawMs).unref();
    } else {
      stream.write(`${label}...\n`);
    }
  }

  /** `fraction` is 0 to 1. */
  update(fraction: number): void {
    this.#fraction = Math.min(1, Math.max(0, fraction));
  }

  /** Replaces the line by `message` with the time taken. */
  finish(message: string): void {
    this.#clear();
    this.#stream.write(`${message} (${seconds(this.#startedAt)})\n`);
  }

  /** Takes the line away without a word; what went wrong is said elsewhere. */
  abandon(): void {
    this.#clear();
  }

  #clear(): void {
    clearInterval(this.#timer);
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }

  #draw(): void {
    const fraction = this.#fraction;
    let bar = '';
    if (fraction !== undefined) {
      const filled = Math.round(fraction * barWidth);
      const percent = String(Math.round(fraction * 100)).padStart(3);
      bar = ` [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${percent} %`;
    }
    // Cut to the width of the terminal: a line that wraps cannot be redrawn in place.
    // A terminal that does not know its width says 0.
    const width = this.#stream.columns > 0 ? this.#stream.columns : 80;
    const line = `${this.#label}${bar} ${seconds(this.#startedAt)}`.slice(0, width - 1);
    this.#stream.write(`\r${line}\u001b[K`);
  }
}
