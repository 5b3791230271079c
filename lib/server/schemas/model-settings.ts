import { z } from 'zod';
import type { ModelSettings } from '../../manager/model-manager.js';
import { flag, numberBetween } from './fields.js';

/** Longer is as good as never. */
const longestTtlSeconds = 31_536_000;

/** Body of POST /v1/models/{id}/load and /unload; it may be left out. A `ttl_seconds` of 0 is off. */
export const modelSettingsBody = z.object(
  {
    pin: flag.describe('Never unload it to make room or for idleness.'),
    ttl_seconds: numberBetween(0, longestTtlSeconds).describe('Unload it when nobody used it for so long; 0 is never.'),
  },
  { error: 'a JSON object' },
);

export function modelSettings(body: z.infer<typeof modelSettingsBody>): ModelSettings {
  return {
    ...(body.pin == null ? {} : { pinned: body.pin }),
    ...(body.ttl_seconds == null ? {} : { ttlSeconds: body.ttl_seconds }),
  };
}
