import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An empty page of an origin of its own. */
export async function startPage(): Promise<{ readonly url: string } & AsyncDisposable> {
  const page = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>page</title>');
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  const { port } = page.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      page.closeAllConnections();
      page.close(() => {
        resolve();
      });
    });
  return { url: `http://127.0.0.1:${String(port)}`, [Symbol.asyncDispose]: close };
}
