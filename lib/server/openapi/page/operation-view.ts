/** One route of the document for readers, with a form that tries it. */
import { html } from '../../../markup.js';
import type { Markup } from '../../../markup.js';
import type { JsonSchema } from '../json-schema.js';
import { proseMarkup, schemaMarkup, typeMarkup } from './schema-view.js';

/** What the writer of the document puts into an operation. */
export interface WrittenOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly WrittenParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, WrittenMedia>> };
  readonly responses: Readonly<Record<string, WrittenResponse>>;
  readonly 'x-websocket'?: { readonly clientMessages: JsonSchema; readonly serverMessages: JsonSchema };
}

export interface WrittenParameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
  readonly example?: string;
}

interface WrittenMedia {
  readonly schema: JsonSchema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
  readonly 'x-item-schema'?: JsonSchema;
}

interface WrittenResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, WrittenMedia>>;
}

export interface PlacedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: WrittenOperation;
}

/** In a shell's single quotes. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function curlOf({ method, path }: PlacedOperation, example: unknown): string {
  const target = shellQuoted(`http://127.0.0.1:8080${path}`);
  const verb = method === 'GET' || (method === 'POST' && example !== undefined) ? '' : `-X ${method} `;
  const body =
    example === undefined
      ? ''
      : ` \\\n  -H 'Content-Type: application/json' \\\n  -d ${shellQuoted(JSON.stringify(example))}`;
  return `curl ${verb}${target}${body}`;
}

function parameterRow({ name, in: where, description, required, schema }: WrittenParameter): Markup {
  return html`<tr>
    <td><code>${name}</code></td>
    <td class="soft">${where}${required === true ? ', required' : ''}</td>
    <td>
      <span class="type">${typeMarkup(schema)}</span>
      ${description === undefined ? undefined : proseMarkup(description)}
    </td>
  </tr>`;
}

function mediaMarkup(type: string, media: WrittenMedia): Markup {
  const item = media['x-item-schema'];
  const { description } = media.schema;
  return html`<p>
    <code>${type}</code>: ${item === undefined ? typeMarkup(media.schema) : html`events, each ${typeMarkup(item)}`}.
    ${typeof description === 'string' ? proseMarkup(description) : undefined}
  </p>`;
}

function responsesMarkup(responses: WrittenOperation['responses']): Markup {
  return html`<table>
    ${Object.entries(responses).map(
      ([status, { description, content = {} }]) =>
        html`<tr>
          <td><code>${status}</code></td>
          <td>
            ${description.split('\n\n').map((line) => html`<div>${proseMarkup(line)}</div>`)}${
              status < '400' ? Object.entries(content).map(([type, media]) => mediaMarkup(type, media)) : undefined
            }
          </td>
        </tr>`,
    )}
  </table>`;
}

function tryMarkup({ method, path, operation }: PlacedOperation, parameters: readonly WrittenParameter[]): Markup {
  const examples = operation.requestBody?.content['application/json']?.examples ?? {};
  const names = Object.keys(examples);
  const values = Object.fromEntries(Object.entries(examples).map(([name, { value }]) => [name, value]));
  const fields = parameters.filter((parameter) => parameter.in !== 'header');
  return html`<form hidden="" data-method="${method}" data-path="${path}">
    <h4>Try it</h4>
    ${fields.map(
      (field) =>
        html`<label
          >${field.name} <input name="${field.name}" data-in="${field.in}" value="${field.example ?? ''}"
        /></label>`,
    )}${
      names.length === 0
        ? undefined
        : html`<label
              >Example
              <select data-examples="${JSON.stringify(values)}">
                ${names.map((name) => html`<option>${name}</option>`)}
              </select></label
            ><label
              >Body <textarea spellcheck="false">${JSON.stringify(values[names[0] ?? ''], undefined, 2)}</textarea>
            </label>`
    }
    <button>Send</button>
    <output hidden=""></output>
  </form>`;
}

export function operationMarkup(
  placed: PlacedOperation,
  resolve: (parameter: WrittenParameter) => WrittenParameter,
): Markup {
  const { method, path, operation } = placed;
  const parameters = (operation.parameters ?? []).map(resolve);
  const media = operation.requestBody?.content['application/json'];
  const [example] = Object.values(media?.examples ?? {});
  const webSocket = operation['x-websocket'];
  const text = `${method} ${path} ${operation.summary} ${operation.description ?? ''}`.toLowerCase();
  return html`<article id="${operation.operationId}" data-text="${text}">
    <h3><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></h3>
    <p>
      ${proseMarkup(operation.summary)}.
      ${
        operation.description === undefined
          ? undefined
          : html`<span class="soft">${proseMarkup(operation.description)}</span>`
      }
    </p>
    ${
      parameters.length === 0
        ? undefined
        : html`<h4>Parameters</h4>
            <table>
              ${parameters.map(parameterRow)}
            </table>`
    }
    ${
      media === undefined
        ? undefined
        : html`<details>
            <summary>
              <h4>Body</h4>
              <span class="type">${typeMarkup(media.schema)}</span>
            </summary>
            ${'$ref' in media.schema ? html`<p>See ${typeMarkup(media.schema)}.</p>` : schemaMarkup(media.schema)}
          </details>`
    }
    ${
      webSocket === undefined
        ? undefined
        : html`<p>Messages: ${typeMarkup(webSocket.clientMessages)}, ${typeMarkup(webSocket.serverMessages)}.</p>`
    }
    <details>
      <summary><h4>Answers</h4></summary>
      ${responsesMarkup(operation.responses)}
    </details>
    <pre>${curlOf(placed, example?.value)}</pre>
    ${webSocket === undefined ? tryMarkup(placed, parameters) : undefined}
  </article>`;
}
