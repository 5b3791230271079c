import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { Encoding } from './compression/accept-encoding.js';
import { compressWhole } from './compression/whole-body.js';
import { thrownReply } from './error-response.js';
import { Exchange, varies } from './exchange.js';
import type { ServerContext } from './server-context.js';
import type { Header } from './socket-activity.js';

interface StaticText {
  readonly contentType: string;
  readonly text: string;
  readonly headers?: readonly Header[];
}

/** What is the same for everybody: made when it is first asked for, and compressed once for each encoding. */
export class StaticContent {
  readonly #make: () => Promise<StaticText>;
  #made: Promise<StaticText & { readonly etag: string }> | undefined;
  readonly #bytes = new Map<Encoding | undefined, Promise<Buffer | undefined>>();

  constructor(make: () => Promise<StaticText>) {
    this.#make = make;
  }

  /** REQUIRES: registered. `known`: the header If-None-Match. */
  async answer(exchange: Exchange, known: string): Promise<void> {
    const { contentType, text, headers = [], etag } = await this.#load();
    // Weak, because the bytes differ by encoding.
    const all: Header[] = [['etag', etag], ['cache-control', 'no-cache'], varies, ...headers];
    if (known === '*' || known.split(',').some((tag) => tag.trim() === etag)) {
      exchange.sendEmpty(304, all);
      return;
    }
    const { encoding } = exchange;
    const bytes = await this.#inEncoding(text, encoding);
    if (bytes === undefined || encoding === undefined) exchange.sendBytes(200, contentType, Buffer.from(text), all);
    else exchange.sendBytes(200, contentType, bytes, [...all, ['content-encoding', encoding]]);
  }

  async #load(): Promise<StaticText & { readonly etag: string }> {
    this.#made ??= this.#make().then((made) => {
      const hash = createHash('sha256').update(made.text).digest('base64url').slice(0, 22);
      return { ...made, etag: `W/"${hash}"` };
    });
    return this.#made;
  }

  async #inEncoding(text: string, encoding: Encoding | undefined): Promise<Buffer | undefined> {
    if (encoding === undefined) return undefined;
    const known = this.#bytes.get(encoding);
    if (known !== undefined) return known;
    const compressed = new Promise<Buffer | undefined>((resolve) => {
      compressWhole(text, encoding, resolve);
    });
    this.#bytes.set(encoding, compressed);
    return compressed;
  }
}

/** A uWebSockets.js handler for GET and HEAD of what needs no key. */
export function getStatic(context: ServerContext, content: StaticContent) {
  return (res: HttpResponse, req: HttpRequest, route: string): void => {
    const exchange = new Exchange(context, res, req, route);
    const known = req.getHeader('if-none-match');
    exchange.register();
    content.answer(exchange, known).catch((thrown: unknown) => {
      exchange.sendError(thrownReply(thrown));
    });
  };
}
