import { readFileSync } from 'node:fs';
import { readBaseline } from '../../profile/anomalies.js';
import type { Baseline } from '../../profile/anomalies.js';
import { RequestMeter } from './request-meter.js';
import { RequestMetrics } from './request-metrics.js';

/** What is measured of requests, and what it is compared with. */
export interface ProfilingOptions {
  /**
   * Where the usual values are kept that anomalies are judged by: read at the start if it is there, written by
   * `POST /metrics/profiles/baseline`. Without it the first 200 requests are what is usual.
   */
  readonly baselineFile?: string;
}

function savedBaseline(file: string | undefined): Baseline | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return readBaseline(text);
}

/** @throws InfernoError `invalid_argument` for a baseline file that is none. */
export function openMeter(options: ProfilingOptions | false = {}): RequestMeter | undefined {
  if (options === false) return undefined;
  return new RequestMeter(new RequestMetrics(), savedBaseline(options.baselineFile));
}
