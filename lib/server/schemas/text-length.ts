import type { Fault } from '../error-response.js';

/** Characters that a token stands for at most, roughly: what is longer is too long for the model as well. */
export const charactersPerToken = 16;
export const leastCharacters = 8_000;

/** The first of these texts that is longer than what the model can take, if there is one. */
export function lengthFaults(
  texts: readonly (string | readonly number[])[],
  param: string,
  { trainContextSize }: { readonly trainContextSize: number },
): Fault[] {
  const most = Math.max(leastCharacters, trainContextSize * charactersPerToken);
  const long = texts.find((text) => typeof text === 'string' && text.length > most);
  if (long === undefined) return [];
  const [limit, length] = [most.toLocaleString('en'), long.length.toLocaleString('en')];
  return [{ param, message: `Expected at most ${limit} characters for each text of ${param} but received ${length}.` }];
}
