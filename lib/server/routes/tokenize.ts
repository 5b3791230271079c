import { isUtf8 } from 'node:buffer';
import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { parseBody } from '../schemas/parse-body.js';
import { detokenizeBody, tokenizeBody } from '../schemas/tokenize.js';
import type { DetokenizeBody, TokenizeBody } from '../schemas/tokenize.js';
import { withModel } from '../with-model.js';

/** The text of a token; its bytes when they are only a part of a character. */
function pieceOf(bytes: Uint8Array): string | number[] {
  return isUtf8(bytes) ? Buffer.from(bytes).toString() : [...bytes];
}

function answerTokens(exchange: Exchange, { model }: ServedModel, body: TokenizeBody): void {
  if (model.tokenize === undefined || model.tokenBytes === undefined) {
    exchange.sendError(errorReply('no_vocabulary', 'This model cannot tokenize.', 'model'));
    return;
  }
  const options = { addSpecial: body.add_special ?? false, parseSpecial: body.parse_special ?? true };
  const ids = model.tokenize(body.content, options);
  const pieces = body.with_pieces === true ? model.tokenBytes(ids).map(pieceOf) : undefined;
  const tokens = Array.from(ids, (id, index) => (pieces === undefined ? id : { id, piece: pieces[index] }));
  exchange.sendJson(200, JSON.stringify({ tokens }), [exchange.processingHeader()]);
}

function answerText(exchange: Exchange, { model }: ServedModel, { tokens }: DetokenizeBody): void {
  const { vocabularySize } = model.info;
  const unknown = tokens.find((id) => id >= vocabularySize);
  if (unknown !== undefined) {
    const message = `Expected token ids below ${String(vocabularySize)} for tokens but received ${String(unknown)}.`;
    exchange.sendError(faultsReply([{ param: 'tokens', message }]));
    return;
  }
  const content = model.detokenize(Int32Array.from(tokens));
  exchange.sendJson(200, JSON.stringify({ content }), [exchange.processingHeader()]);
}

/** POST /tokenize */
export const tokenize: JsonHandler = (exchange, value) => {
  const parsed = parseBody(tokenizeBody, () => [], value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const use = (served: ServedModel): void => {
    answerTokens(exchange, served, parsed.data);
  };
  withModel(exchange, exchange.context.catalog.resolve(parsed.data.model ?? undefined), { use });
};

/** POST /detokenize */
export const detokenize: JsonHandler = (exchange, value) => {
  const parsed = parseBody(detokenizeBody, () => [], value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const use = (served: ServedModel): void => {
    answerText(exchange, served, parsed.data);
  };
  withModel(exchange, exchange.context.catalog.resolve(parsed.data.model ?? undefined), { use });
};
