/** Hugging Face's tokenizer of a folder, as it is: what ours is held against. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as library from '@huggingface/tokenizers';

export interface HuggingFaceTokenizer {
  encode(text: string): { readonly ids: number[] };
  decode(ids: readonly number[], options: { readonly skip_special_tokens: boolean }): string;
}

/** The package's own types do not resolve. */
type Constructor = new (tokenizer: object, config: object) => HuggingFaceTokenizer;

export async function huggingFaceTokenizer(folder: string): Promise<HuggingFaceTokenizer> {
  const { Tokenizer } = library as unknown as { readonly Tokenizer: Constructor };
  const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as object;
  return new Tokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'));
}
