import { errorReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { GetHandler } from '../get-json.js';
import type { ServableModel, ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { packageVersion } from '../../version.js';
import { withModel } from '../with-model.js';
import { samplingSettings } from './generation-settings.js';

/** The name of a control token; empty for a model without it. */
function nameOf(token: number, model: ServableModel): string {
  if (token < 0 || model.tokenBytes === undefined) return '';
  const [bytes] = model.tokenBytes(Int32Array.of(token));
  return bytes === undefined ? '' : Buffer.from(bytes).toString();
}

function propsOf(exchange: Exchange, { id, model }: ServedModel): Record<string, unknown> {
  const { catalog, defaults, slots, meter } = exchange.context;
  const { info } = model;
  return {
    default_generation_settings: { params: samplingSettings(defaults), n_ctx: info.contextSize },
    total_slots: info.parallel,
    model_alias: id,
    model_ftype: info.fileType,
    // Without its folder: nothing of this machine's file system is told to clients.
    model_path: catalog.manager.get(id)?.source.file ?? '',
    modalities: { vision: false, video: false, audio: false },
    endpoint_slots: slots,
    endpoint_props: false,
    endpoint_metrics: meter !== undefined,
    ui: false,
    chat_template: info.chatTemplate,
    bos_token: nameOf(info.bosToken, model),
    eos_token: nameOf(info.eosToken, model),
    build_info: `inferno-${packageVersion}`,
    is_sleeping: false,
  };
}

/** The model that a query such as `?model=ember` names; the first one when it names none. */
export function modelInQuery(query: string): string | undefined {
  return new URLSearchParams(query).get('model') ?? undefined;
}

/** GET /props */
export const getProps: GetHandler = (exchange, _path, query) => {
  exchange.register();
  const use = (served: ServedModel): void => {
    exchange.sendJson(200, JSON.stringify(propsOf(exchange, served)));
  };
  withModel(exchange, exchange.context.catalog.resolve(modelInQuery(query)), { use });
};

/** POST /props */
export const postProps: JsonHandler = (exchange) => {
  exchange.sendError(errorReply('not_supported', 'The properties of this server are set by its flags only.'));
};
