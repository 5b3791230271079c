/**
 * Answers to every schema of the JSON-Schema-Test-Suite (https://github.com/json-schema-org/JSON-Schema-Test-Suite), whose
 * folder `tests` INFERNO_JSON_SCHEMA_SUITE names. It is too large to lie here; without it this is skipped.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { startServer, type TestServer } from '../support/with-server.js';

const suite = process.env['INFERNO_JSON_SCHEMA_SUITE'];
const answer = z.object({
  choices: z.tuple([z.object({ finish_reason: z.string(), message: z.object({ content: z.string() }) })]),
});
const groups = z.array(z.object({ description: z.string(), schema: z.unknown() }));
const samples = 3;
const atOnce = 8;
/** Of 257 and 383: as many as can be honoured. */
const drafts = [
  { folder: 'draft7', least: 240, make: () => new Ajv({ strict: false, logger: false }) },
  { folder: 'draft2020-12', least: 350, make: () => new Ajv2020({ strict: false, logger: false }) },
] as const;

type Outcome = 'refused' | 'valid' | 'cut off';

describe('answers to schemas', { skip: suite === undefined && 'INFERNO_JSON_SCHEMA_SUITE is not set' }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  /** Throws for an answer that the schema does not allow. */
  async function ask(schema: unknown, isValid: ValidateFunction | undefined, seed: number): Promise<Outcome> {
    const response = await server.post('/v1/chat/completions', {
      messages: [{ role: 'user', content: 'Once upon a time' }],
      ...{ max_tokens: 200, temperature: 1, seed },
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    });
    const json: unknown = await response.json();
    if (response.status === 400) return 'refused';
    assert.equal(response.status, 200, JSON.stringify(json));
    const [{ finish_reason: reason, message }] = answer.parse(json).choices;
    if (reason !== 'stop') return 'cut off';
    const value: unknown = JSON.parse(message.content);
    assert.ok(
      isValid === undefined || isValid(value),
      `${JSON.stringify(schema)} was answered with ${message.content}`,
    );
    return 'valid';
  }

  for (const { folder, least, make } of drafts) {
    it(`of ${folder} are never wrong, and few are refused`, async (t) => {
      const path = join(suite ?? '', folder);
      const files = readdirSync(path).filter((name) => name.endsWith('.json'));
      const schemas = files.flatMap((file) => groups.parse(JSON.parse(readFileSync(join(path, file), 'utf8'))));
      const waiting = [...schemas];
      const counts = { refused: 0, valid: 0, 'cut off': 0, unjudged: 0 };
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const ajv = make();
          addFormats.default(ajv);
          let isValid: ValidateFunction | undefined;
          try {
            isValid = ajv.compile(next.schema as object);
          } catch {
            // What refers to other documents, ajv cannot judge here.
          }
          const outcomes: Outcome[] = [];
          for (let seed = 0; seed < samples; seed++) outcomes.push(await ask(next.schema, isValid, seed));
          if (outcomes.includes('refused')) counts.refused++;
          else if (isValid === undefined) counts.unjudged++;
          else counts[outcomes.includes('cut off') ? 'cut off' : 'valid']++;
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      const accepted = schemas.length - counts.refused;
      t.diagnostic(
        `Of ${String(schemas.length)} schemas ${String(accepted)} are accepted. All ${String(samples)} answers are valid to ajv ` +
          `for ${String(counts.valid)}; some are cut off at max_tokens for ${String(counts['cut off'])}, and ` +
          `${String(counts.unjudged)} ajv cannot read; answers that it rejects: 0.`,
      );
      assert.ok(accepted >= least, `${String(accepted)} of ${String(schemas.length)}`);
    });
  }
});
