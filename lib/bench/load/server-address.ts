/** Where a server is and how it knows its users. */

export interface ServerTarget {
  /** `http://host:port`, with or without `/v1`. */
  readonly url: string;
  readonly apiKey?: string;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** The value of the `Host` header. */
  readonly hostHeader: string;
  /** What precedes `/v1/…`; empty for most. */
  readonly basePath: string;
  /** The header line, or nothing. */
  readonly authorization: string;
}

/** Throws TypeError for a URL that is none or not of HTTP, and for a key that cannot be in a header. */
export function addressOf({ url, apiKey }: ServerTarget): ServerAddress {
  if (!URL.canParse(url)) throw new TypeError(`Expected a URL such as http://127.0.0.1:8080 but received ${url}`);
  const { protocol, hostname, port, pathname, host } = new URL(url);
  if (protocol !== 'http:') throw new TypeError(`Expected a URL that begins with http:// but received ${url}`);
  if (apiKey !== undefined && /[^\x21-\x7e]/u.test(apiKey)) throw new TypeError('The API key has odd characters.');
  return {
    host: hostname.replace(/^\[|\]$/gu, ''),
    port: port === '' ? 80 : Number(port),
    hostHeader: host,
    basePath: pathname.replace(/\/+$/u, '').replace(/\/v1$/u, ''),
    authorization: apiKey === undefined ? '' : `Authorization: Bearer ${apiKey}\r\n`,
  };
}
