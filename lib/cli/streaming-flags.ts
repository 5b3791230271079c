import type { Command } from 'commander';
import type { ServerLimits, ServerOptions } from '../server/index.js';
import { integerIn } from './option-parsers.js';

/** The flags that say how streams are sent and how long answers may take. */
export interface StreamingFlags {
  readonly inferenceTimeout?: number;
  readonly tokenTimeout?: number;
  readonly ackTimeout?: number;
  readonly keepAlive?: number;
  readonly resumeWindow?: number;
  /** True when no number was given with it. */
  readonly tokenBatching?: number | true;
  readonly tokenBatchingDelay?: number;
}

const longestSeconds = 86_400;
const msPerSecond = 1000;

export function addStreamingFlags(command: Command): Command {
  const seconds = integerIn(0, longestSeconds);
  return command
    .option('--inference-timeout <seconds>', 'how long an answer may compute; 0 is any time; default: 300', seconds)
    .option('--token-timeout <seconds>', 'how long its next token may take; 0 is any time; default: 30', seconds)
    .option(
      '--ack-timeout <seconds>',
      'how long a WebSocket may leave messages unacknowledged; default: 30',
      integerIn(1, longestSeconds),
    )
    .option('--keep-alive <seconds>', 'silent streams get a comment this often; 0 is never; default: 30', seconds)
    .option('--resume-window <seconds>', 'how long lost streams can be resumed; 0 is not at all; default: 30', seconds)
    .option(
      '--token-batching [tokens]',
      'gather so many tokens into one frame of every stream, the first ones excepted; default: 3 when given',
      integerIn(1, 100),
    )
    .option('--token-batching-delay <ms>', 'how long a token waits for others; default: 50', integerIn(1, 60_000));
}

function ms(name: keyof ServerLimits, seconds: number | undefined): ServerLimits {
  return seconds === undefined ? {} : { [name]: seconds * msPerSecond };
}

export function streamingFrom(flags: StreamingFlags): Partial<ServerOptions> {
  const { inferenceTimeout, tokenTimeout, ackTimeout, keepAlive, resumeWindow } = flags;
  const { tokenBatching, tokenBatchingDelay } = flags;
  const limits: ServerLimits = {
    ...ms('inferenceTimeoutMs', inferenceTimeout),
    ...ms('tokenTimeoutMs', tokenTimeout),
    ...ms('ackTimeoutMs', ackTimeout),
    ...ms('heartbeatMs', keepAlive),
  };
  const resumable = resumeWindow === undefined ? {} : { resumeGraceMs: resumeWindow * msPerSecond };
  return {
    limits,
    webSocket: resumable,
    eventStreams: resumable,
    tokenBatching: {
      enabled: tokenBatching !== undefined,
      ...(typeof tokenBatching === 'number' ? { maxTokens: tokenBatching } : {}),
      ...(tokenBatchingDelay === undefined ? {} : { maxDelayMs: tokenBatchingDelay }),
    },
  };
}
