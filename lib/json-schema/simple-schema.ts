/** The few kinds of schema that llama.cpp turns into a grammar which allows nothing else. */
import type { Json } from './json.js';

export type SimpleSchema =
  | { readonly $ref: string }
  | { readonly anyOf: readonly SimpleSchema[] }
  | { readonly enum: readonly Json[] }
  | { readonly type: 'null' | 'boolean' | 'number' }
  | { readonly type: 'integer'; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: 'string'; readonly pattern?: string }
  | { readonly type: 'array'; readonly items?: SimpleSchema; readonly minItems?: number; readonly maxItems?: number }
  | { readonly type: 'array'; readonly prefixItems: readonly SimpleSchema[] }
  | {
      readonly type: 'object';
      readonly properties?: Readonly<Record<string, SimpleSchema>>;
      readonly required?: readonly string[];
      readonly additionalProperties?: SimpleSchema | false;
    };

export const definitionPrefix = '#/$defs/';
