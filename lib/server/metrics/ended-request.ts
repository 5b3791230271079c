import type { RequestFacts, RequestRecorder } from '../../profile/request-recorder.js';

/** What an exchange knows when it ends. */
export type EndedRequest = Omit<RequestFacts, 'arrivedUs' | 'endedUs' | 'memoryBytes'> & {
  readonly method: string;
  readonly startedMs: number;
  /** Of requests for generations and embeddings: they are profiled, all others only counted. */
  readonly recorder: RequestRecorder | undefined;
};
