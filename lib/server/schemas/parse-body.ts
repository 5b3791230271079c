import type { z } from 'zod';
import type { Fault } from '../error-response.js';
import type { RawBody } from './sampling.js';

/** More would help nobody, and a hostile body can have a million. */
const mostFaults = 20;

/** `messages[0].content` for the path ["messages", 0, "content"]. */
function paramOf(path: readonly PropertyKey[]): string | null {
  if (path.length === 0) return null;
  return path.reduce<string>((param, key) => {
    if (typeof key === 'number') return `${param}[${String(key)}]`;
    return param === '' ? String(key) : `${param}.${String(key)}`;
  }, '');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Names the received value briefly; long text is not repeated. */
function received(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value.length > 60 ? 'a string' : JSON.stringify(value);
  return JSON.stringify(value);
}

function faultOf(issue: z.core.$ZodIssue, body: unknown): Fault {
  const param = paramOf(issue.path);
  const value = valueAt(body, issue.path);
  return { param, message: `Expected ${issue.message} for ${param ?? 'the body'} but received ${received(value)}.` };
}

/** The body, checked against its schema and the rules between its fields; or everything that is wrong with it. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  rules: (body: RawBody) => Fault[],
  body: unknown,
): { readonly data: z.output<Schema> } | { readonly faults: readonly Fault[] } {
  const parsed = schema.safeParse(body);
  const found = parsed.success ? [] : parsed.error.issues.slice(0, mostFaults).map((issue) => faultOf(issue, body));
  if (typeof body === 'object' && body !== null) found.push(...rules(body as RawBody));
  if (parsed.success && found.length === 0) return { data: parsed.data };
  const faults = new Map<string | null, Fault>();
  // One field, one fault: later checks of a field repeat the same expectation.
  for (const fault of found) if (!faults.has(fault.param)) faults.set(fault.param, fault);
  return { faults: [...faults.values()] };
}
