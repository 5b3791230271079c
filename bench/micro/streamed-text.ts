/** One wake with text for sixteen streams: records of the engine to sinks, and sinks' text to server-sent events. */
import type { Bench } from 'tinybench';
import { EventDrain } from '../../lib/api/event-drain.js';
import type { TokenSink } from '../../lib/api/token-sink.js';
import { EVENT_STRIDE, EventField, EventKind, type NativeModel } from '../../lib/native-types.js';
import { eventFraming } from '../../lib/server/answer-format.js';
import { ChatFormat } from '../../lib/server/chat-format.js';
import { CompletionFormat } from '../../lib/server/completion-format.js';
import type { ServedModel } from '../../lib/server/model-catalog.js';

const streams = 16;
const text = ' little house';
/** What the formats read of it. */
const served = { id: 'inferno-ember', fingerprint: 'fp_0123456789' } as ServedModel;

interface Engine {
  /** The drain holds it weakly. */
  readonly native: Pick<NativeModel, 'setEventSink'>;
  /** Delivers one text record for every stream, as the addon does. */
  wake(): void;
}

/** The addon's side of the border, so that only JavaScript is measured. */
function engineWith(sinkOf: (stream: number) => TokenSink): Engine {
  let drain: (count: number) => void = () => undefined;
  const native: Pick<NativeModel, 'setEventSink'> = {
    setEventSink(callback, records, bytes) {
      drain = callback;
      for (let stream = 0; stream < streams; stream++) {
        const at = stream * EVENT_STRIDE;
        records[at + EventField.generation] = stream + 1;
        records[at + EventField.kind] = EventKind.text;
        records[at + EventField.textOffset] = stream * text.length;
        records[at + EventField.textLength] = text.length;
        records[at + EventField.tokens] = 1;
        records[at + EventField.ascii] = 1;
        Buffer.from(bytes.buffer, bytes.byteOffset).write(text, stream * text.length, 'latin1');
      }
    },
  };
  const events = new EventDrain(native as NativeModel);
  for (let stream = 0; stream < streams; stream++) events.subscribe(stream + 1, sinkOf(stream));
  return {
    native,
    wake() {
      drain(streams);
    },
  };
}

export function addStreamedText(bench: Bench): void {
  // Strings are put together when somebody reads them, as a socket does.
  const socket = Buffer.alloc(1024);
  const reading = engineWith(() => ({
    onText: (piece) => {
      socket.write(piece, 'latin1');
    },
    onEnd: () => undefined,
  }));
  bench.add(`event drain: ${String(streams)} records to their sinks`, () => {
    reading.wake();
  });
  for (const [name, format] of [
    ['chat', new ChatFormat(served, 1, true, eventFraming)],
    ['completion', new CompletionFormat(served, 1, true, eventFraming, [])],
  ] as const) {
    bench.add(`${name} event: framing one piece of text`, () => {
      socket.write(format.text(0, text), 'latin1');
    });
    const framing = engineWith(() => ({
      onText: (piece) => {
        socket.write(format.text(0, piece), 'latin1');
      },
      onEnd: () => undefined,
    }));
    bench.add(`event drain and ${name} framing: ${String(streams)} streams`, () => {
      framing.wake();
    });
  }
}
