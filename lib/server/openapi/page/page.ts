/** The page at /docs: the document to read and to try, in one file that loads nothing. */
import { createHash } from 'node:crypto';
import type { Markup } from '../../../markup.js';
import { html } from '../../../markup.js';
import type { OpenApiDocument } from '../document.js';
import { requestHeaders } from '../headers.js';
import type { RequestHeader } from '../operation.js';
import { operationMarkup } from './operation-view.js';
import type { PlacedOperation, WrittenOperation, WrittenParameter } from './operation-view.js';
import { proseMarkup, schemaMarkup } from './schema-view.js';
import { script } from './script.js';
import { styleSheet } from './style.js';

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Nothing but this page's own style and script, and requests to the server it came from. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src ${hashOf(styleSheet)}`,
  `script-src ${hashOf(script)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function placedOperations({ paths }: OpenApiDocument): PlacedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as unknown as WrittenOperation,
    })),
  );
}

/** One of `components.parameters`, if it refers to it. */
function resolved(parameter: WrittenParameter): WrittenParameter {
  const name = parameter.$ref?.split('/').at(-1);
  if (name === undefined) return parameter;
  return { name, in: 'header', ...requestHeaders[name as RequestHeader] };
}

function navigation(document: OpenApiDocument, placed: readonly PlacedOperation[]): Markup {
  return html`<nav aria-label="Routes">
    <p hidden=""><input id="filter" type="search" placeholder="Filter" aria-label="Filter the routes" /></p>
    ${document.tags.map(
      ({ name }) =>
        html`<h2>${name}</h2>
          <ul>
            ${placed
              .filter(({ operation }) => operation.tags[0] === name)
              .map(
                ({ method, path, operation }) =>
                  html`<li data-text="${`${method} ${path} ${operation.summary}`.toLowerCase()}">
                    <span class="method ${method.toLowerCase()}">${method}</span>
                    <a href="${`#${operation.operationId}`}">${path}</a>
                  </li>`,
              )}
          </ul>`,
    )}
    <h2>Schemas</h2>
    <ul>
      ${Object.keys(document.components.schemas).map(
        (name) => html`<li data-text="${name.toLowerCase()}"><a href="${`#schema-${name}`}">${name}</a></li>`,
      )}
    </ul>
  </nav>`;
}

function sections(document: OpenApiDocument, placed: readonly PlacedOperation[]): Markup {
  return html`${document.tags.map(
      ({ name, description }) =>
        html`<section>
          <h2>${name}</h2>
          <p class="soft">${proseMarkup(description)}</p>
          ${placed
            .filter(({ operation }) => operation.tags[0] === name)
            .map((operation) => operationMarkup(operation, resolved))}
        </section>`,
    )}
    <section>
      <h2>Schemas</h2>
      ${Object.entries(document.components.schemas).map(
        ([name, schema]) =>
          html`<article id="${`schema-${name}`}" data-text="${name.toLowerCase()}">
            <h3>${name}</h3>
            ${schemaMarkup(schema)}
          </article>`,
      )}
    </section>`;
}

export function renderPage(document: OpenApiDocument): string {
  const { title, version, description } = document.info;
  const placed = placedOperations(document);
  const body = html`<div class="layout">
    ${navigation(document, placed)}
    <main>
      <h1>${title} ${version}</h1>
      ${description.split('\n\n').map((text) => html`<p>${proseMarkup(text)}</p>`)}
      <p>The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>
      <p hidden="">
        <label>API key, for trying <input id="key" type="password" autocomplete="off" /></label>
      </p>
      ${sections(document, placed)}
    </main>
  </div>`;
  const head = html`<meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><meta
      name="referrer"
      content="no-referrer"
    /><title>${title}</title>`;
  const parts = [
    `<!doctype html>\n<html lang="en"><head>${head.toString()}<style>${styleSheet}</style></head>`,
    `<body>${body.toString()}<script>${script}</script></body></html>\n`,
  ];
  return parts.join('\n');
}
