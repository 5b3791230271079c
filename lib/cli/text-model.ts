import type { Model } from '../api/model.js';

/** What a prompt or a chat in the terminal needs of a model, whatever its format. */
export type TextModel = Pick<Model, 'info' | 'chat' | 'complete'>;
