/** How much of an answer repeats what stands before it: whether looking up what followed last time would have paid. */

/** Two or three words: enough to say that a place is a repetition. */
const contextCharacters = 12;

/** Share of the answer's characters, 0 to 1, that followed the same characters the last time they came. */
export function foretoldShare(prompt: string, answer: string): number {
  const all = prompt + answer;
  const followers = new Map<string, string>();
  let foretold = 0;
  for (let at = contextCharacters; at < all.length; at++) {
    const context = all.slice(at - contextCharacters, at);
    const character = all.charAt(at);
    if (at >= prompt.length && followers.get(context) === character) foretold++;
    followers.set(context, character);
  }
  return answer === '' ? 0 : foretold / answer.length;
}
