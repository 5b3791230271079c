import { errorReply } from './error-response.js';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const loopbackAddress = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/u;

/** `name` of `name`, `name:port`, `[::1]` and `[::1]:port`, in lower case. */
function nameOf(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/:\d{1,5}$/u, '')
    .replace(/\.$/u, '');
}

/** An address as it stands in a URL. */
function inUrl(address: string): string {
  return /^[^[]*:.*:/u.test(address) ? `[${address}]` : address;
}

/**
 * By which names the server may be called. A web page can give its own name the address 127.0.0.1 and then talk to a
 * server on its visitor's machine as if it were its own (DNS rebinding); the `Host` header still carries the page's
 * name. So a server that listens on loopback only takes the names of loopback and those that it was told, and one that
 * was told names takes no others wherever it listens.
 */
export class HostCheck {
  readonly #names: ReadonlySet<string> | 'any';

  /** `allowed`: names without port; '*' for any. */
  constructor(listenHost: string, allowed: readonly string[] | undefined) {
    if (allowed?.some((name) => name.trim() === '')) {
      throw new RangeError('Expected non-empty names for allowedHosts.');
    }
    const isOpen = allowed === undefined ? !loopbackAddress.test(listenHost) : allowed.includes('*');
    const names = [...loopbackNames, inUrl(listenHost), ...(allowed ?? [])];
    this.#names = isOpen ? 'any' : new Set(names.map((name) => nameOf(inUrl(name))));
  }

  /** `host`: the header as sent; empty when there is none. */
  allows(host: string): boolean {
    return this.#names === 'any' || this.#names.has(nameOf(host));
  }
}

export function hostRefusal(host: string): ReturnType<typeof errorReply> {
  return errorReply('host_not_allowed', `This server is not called ${JSON.stringify(host.slice(0, 100))}.`);
}
