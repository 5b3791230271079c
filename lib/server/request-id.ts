import { randomFillSync } from 'node:crypto';

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const pool = Buffer.alloc(4096);
let used = pool.length;

/** 29 random characters, as OpenAI's ids carry. Random bytes are drawn in blocks: one system call per 141 ids. */
export function randomSuffix(): string {
  if (used + 29 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let suffix = '';
  // The alphabet has 32 characters, so the low five bits of a byte choose one without bias.
  for (let end = used + 29; used < end; used++) suffix += alphabet.charAt((pool[used] ?? 0) & 31);
  return suffix;
}

/** A client's own id is kept when it is short and harmless in a header and a log line. */
export function requestIdFrom(header: string): string {
  return /^[\w.:-]{1,128}$/.test(header) ? header : `req_${randomSuffix()}`;
}
