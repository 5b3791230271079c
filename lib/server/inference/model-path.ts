/** The version that every model here has. */
export const onlyVersion = '1';

/** What a path below /v2/models asks for. */
export interface ModelPath {
  readonly id: string;
  readonly action: 'metadata' | 'ready' | 'infer';
  /** Undefined when it names none. */
  readonly version: string | undefined;
}

const actions = ['ready', 'infer'] as const;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of /v2/models/{id}[/versions/{version}][/ready|/infer]; an id may contain slashes. Undefined for other paths. */
export function modelPathOf(path: string): ModelPath | undefined {
  const rest = /^\/v2\/models\/(?<rest>.+)$/u.exec(path)?.groups?.['rest'];
  if (rest === undefined) return undefined;
  const action = actions.find((name) => rest.endsWith(`/${name}`));
  const model = action === undefined ? rest : rest.slice(0, -action.length - 1);
  const match = /^(?<id>.+)\/versions\/(?<version>[^/]+)$/u.exec(model)?.groups;
  return { id: decoded(match?.['id'] ?? model), action: action ?? 'metadata', version: match?.['version'] };
}
