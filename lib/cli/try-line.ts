import type { ModelCapability } from '../manager/model-source.js';

/** What may be asked first of a model, by what it can do; the first that it can. */
const requests: readonly {
  readonly capability: ModelCapability;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}[] = [
  {
    capability: 'chat',
    path: '/v1/chat/completions',
    body: { messages: [{ role: 'user', content: 'Hello!' }] },
  },
  { capability: 'embeddings', path: '/v1/embeddings', body: { input: 'Hello!' } },
  { capability: 'rerank', path: '/v1/rerank', body: { query: 'Who barks?', documents: ['A dog.', 'A cat.'] } },
  { capability: 'classify', path: '/v1/classify', body: { input: 'Hello!' } },
];

export interface TryLineOptions {
  readonly modelId: string;
  readonly capabilities: readonly ModelCapability[];
  readonly needsKey: boolean;
}

/** A shell command that gets an answer, to be copied. An address that means "all" is no address to call. */
export function tryLine(listenUrl: string, { modelId, capabilities, needsKey }: TryLineOptions): string {
  const url = listenUrl.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const key = needsKey ? ' -H "Authorization: Bearer $KEY"' : '';
  const request = requests.find(({ capability }) => capabilities.includes(capability));
  // What takes tensors only says which.
  if (request === undefined) return `curl -s ${url}/v2/models/${encodeURIComponent(modelId)}${key}`;
  const body = JSON.stringify({ model: modelId, ...request.body });
  return `curl -s ${url}${request.path} -H "Content-Type: application/json"${key} -d '${body}'`;
}
