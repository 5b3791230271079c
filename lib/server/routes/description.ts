import type { OpenApiDocument } from '../openapi/document.js';
import { StaticContent } from '../static-content.js';

let document: Promise<OpenApiDocument> | undefined;

/** Loaded when somebody asks: most servers never describe themselves. */
async function describe(): Promise<OpenApiDocument> {
  document ??= import('../openapi/document.js').then(async ({ openApiDocument }) => openApiDocument());
  return document;
}

/** GET /openapi.json */
export const openApiJson = new StaticContent(async () => ({
  contentType: 'application/json',
  text: JSON.stringify(await describe()),
}));

/** GET /docs */
export const docsPage = new StaticContent(async () => {
  const [description, { contentSecurityPolicy, renderPage }] = await Promise.all([
    describe(),
    import('../openapi/page/page.js'),
  ]);
  return {
    contentType: 'text/html; charset=utf-8',
    text: renderPage(description),
    headers: [
      ['content-security-policy', contentSecurityPolicy],
      ['x-content-type-options', 'nosniff'],
      ['referrer-policy', 'no-referrer'],
    ],
  };
});
