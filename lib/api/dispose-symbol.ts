/**
 * `Symbol.asyncDispose`. Node 20 before 20.5.1 has none; compilers that lower `await using` look for this registered
 * symbol then.
 */
export const asyncDispose: typeof Symbol.asyncDispose =
  (Symbol as { readonly asyncDispose?: typeof Symbol.asyncDispose }).asyncDispose ??
  (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose);
