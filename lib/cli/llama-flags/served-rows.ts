import { ours, request, ignored, refused, unless } from './flag.js';
import type { Row } from './flag.js';

function number(value: string): unknown {
  return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
}
const text = (value: string): unknown => value;
const yes = (): unknown => true;

function json(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** "15043+1" or "15043-inf", as a pair of the field `logit_bias`. */
function bias(value: string): unknown {
  const match = /^(?<token>\d+)(?<amount>[+-](?:inf|[\d.]+))$/u.exec(value);
  const { token, amount } = match?.groups ?? {};
  if (token === undefined || amount === undefined) return value;
  return [Number(token), amount === '-inf' ? false : Number(amount)];
}

/** Flags that say what they say to llama-server. */
export const servedRows: readonly Row[] = [
  // What is served, and where.
  ['-m, --model FNAME', 'LLAMA_ARG_MODEL', ours('--model')],
  [
    '-a, --alias STRING',
    'LLAMA_ARG_ALIAS',
    {
      kind: 'depends',
      on: (value) => (value.includes(',') ? refused('a model has one id here') : ours('--alias')),
      says: '`--alias`, one name',
    },
  ],
  [
    '--host HOST',
    'LLAMA_ARG_HOST',
    {
      kind: 'depends',
      on: (value) =>
        /,|\.sock$/u.test(value) ? refused('one address is listened on, and no socket files') : ours('--host'),
      says: '`--host`, one address',
    },
  ],
  ['--port PORT', 'LLAMA_ARG_PORT', ours('--port')],
  [
    '--api-key KEY',
    'LLAMA_API_KEY',
    {
      kind: 'ours',
      arguments: (value) => value.split(',').flatMap((key) => ['--api-key', key]),
      says: '--api-key',
    },
  ],
  [
    '--sse-ping-interval N',
    'LLAMA_ARG_SSE_PING_INTERVAL',
    { kind: 'ours', arguments: (value) => ['--keep-alive', value === '-1' ? '0' : value], says: '--keep-alive' },
  ],
  ['--api-key-file FNAME', 'LLAMA_ARG_API_KEY_FILE', ours('--api-key-file')],
  [
    '--cors-origins ORIGINS',
    'LLAMA_ARG_CORS_ORIGINS',
    {
      kind: 'ours',
      arguments: (value) => value.split(',').flatMap((origin) => ['--cors-origin', origin.trim()]),
      says: '--cors-origin',
    },
  ],
  ['--models-dir PATH', 'LLAMA_ARG_MODELS_DIR', ours('--models-dir')],
  ['--pooling {none,mean,cls,last,rank}', 'LLAMA_ARG_POOLING', ours('--pooling')],
  [
    '--rerank, --reranking',
    'LLAMA_ARG_RERANKING',
    { kind: 'ours', arguments: () => ['--pooling', 'rank'], says: '--pooling rank' },
  ],
  ['--slots, --no-slots', 'LLAMA_ARG_ENDPOINT_SLOTS', ours('--slots')],

  // How it runs.
  [
    '-c, --ctx-size N',
    'LLAMA_ARG_CTX_SIZE',
    unless(['0'], '--ctx-size', '--ctx-size: of all sequences together, see below'),
  ],
  ['-np, --parallel N', 'LLAMA_ARG_N_PARALLEL', unless(['-1'], '--parallel', '--parallel')],
  [
    '--kv-unified-per-slot N',
    'LLAMA_ARG_KV_UNIFIED_PER_SLOT',
    unless(['0'], '--ctx-size', 'the context of each sequence'),
  ],
  [
    '-kvu, --kv-unified, -no-kvu, --no-kv-unified',
    'LLAMA_ARG_KV_UNIFIED',
    ignored('it only says what --ctx-size means; see docs/llama-server.md'),
  ],
  ['-b, --batch-size N', 'LLAMA_ARG_BATCH', ours('--batch-size')],
  ['-ub, --ubatch-size N', 'LLAMA_ARG_UBATCH', ignored('--batch-size is the size of one decode call here')],
  ['-t, --threads N', 'LLAMA_ARG_THREADS', unless(['-1', '0'], '--threads', '--threads')],
  [
    '-ngl, --gpu-layers, --n-gpu-layers N',
    'LLAMA_ARG_N_GPU_LAYERS',
    unless(['auto', '-1'], '--gpu-layers', '--gpu-layers'),
  ],
  ['-dev, --device <dev1,dev2,..>', 'LLAMA_ARG_DEVICE', ours('--device')],
  ['-ts, --tensor-split N0,N1,N2,...', 'LLAMA_ARG_TENSOR_SPLIT', ours('--tensor-split')],
  ['-mg, --main-gpu INDEX', 'LLAMA_ARG_MAIN_GPU', ours('--main-gpu')],
  [
    '-cram, --cache-ram N',
    'LLAMA_ARG_CACHE_RAM',
    {
      kind: 'ours',
      arguments: (value) => ['--cache-ram', value === '-1' ? String(2 ** 30) : value],
      says: '--cache-ram',
    },
  ],
  ['--spec-draft-model, -md, --model-draft FNAME', 'LLAMA_ARG_SPEC_DRAFT_MODEL', ours('--draft-model')],
  ['--spec-draft-n-max N', 'LLAMA_ARG_SPEC_DRAFT_N_MAX', ours('--draft-max')],
  [
    '--chat-template JINJA_TEMPLATE',
    'LLAMA_ARG_CHAT_TEMPLATE',
    {
      kind: 'depends',
      on: (value) =>
        /^[\w.-]+$/u.test(value)
          ? refused('templates have no names here; give the Jinja text or --chat-template-file')
          : ours('--chat-template'),
      says: '`--chat-template`, Jinja text only',
    },
  ],
  ['--chat-template-file JINJA_TEMPLATE_FILE', 'LLAMA_ARG_CHAT_TEMPLATE_FILE', ours('--chat-template-file')],

  // What requests do not say.
  ['-n, --predict, --n-predict N', 'LLAMA_ARG_N_PREDICT', request('n_predict', number)],
  ['-s, --seed SEED', '', request('seed', number)],
  ['--temp, --temperature N', 'LLAMA_ARG_TEMPERATURE', request('temperature', number)],
  ['--top-k N', 'LLAMA_ARG_TOP_K', request('top_k', number)],
  ['--top-p N', 'LLAMA_ARG_TOP_P', request('top_p', number)],
  ['--min-p N', 'LLAMA_ARG_MIN_P', request('min_p', number)],
  ['--top-nsigma, --top-n-sigma N', '', request('top_n_sigma', number)],
  ['--xtc-probability N', '', request('xtc_probability', number)],
  ['--xtc-threshold N', '', request('xtc_threshold', number)],
  ['--typical, --typical-p N', '', request('typical_p', number)],
  ['--repeat-last-n N', '', request('repeat_last_n', number)],
  ['--repeat-penalty N', 'LLAMA_ARG_REPEAT_PENALTY', request('repeat_penalty', number)],
  ['--presence-penalty N', 'LLAMA_ARG_PRESENCE_PENALTY', request('presence_penalty', number)],
  ['--frequency-penalty N', 'LLAMA_ARG_FREQUENCY_PENALTY', request('frequency_penalty', number)],
  ['--dry-multiplier N', '', request('dry_multiplier', number)],
  ['--dry-base N', '', request('dry_base', number)],
  ['--dry-allowed-length N', '', request('dry_allowed_length', number)],
  ['--dry-penalty-last-n N', '', request('dry_penalty_last_n', number)],
  ['--dry-sequence-breaker STRING', '', request('dry_sequence_breakers', text)],
  ['--adaptive-target N', '', request('adaptive_target', number)],
  ['--adaptive-decay N', '', request('adaptive_decay', number)],
  ['--dynatemp-range N', '', request('dynatemp_range', number)],
  ['--dynatemp-exp N', '', request('dynatemp_exponent', number)],
  ['--mirostat N', '', request('mirostat', number)],
  ['--mirostat-lr N', '', request('mirostat_eta', number)],
  ['--mirostat-ent N', '', request('mirostat_tau', number)],
  ['--samplers SAMPLERS', '', request('samplers', (value) => value.split(';'))],
  ['--sampler-seq, --sampling-seq SEQUENCE', '', request('samplers', text)],
  ['--ignore-eos', '', request('ignore_eos', yes)],
  ['-l, --logit-bias TOKEN_ID(+/-)BIAS', '', request('logit_bias', bias)],
  ['-r, --reverse-prompt PROMPT', '', request('stop', text)],
  ['--grammar GRAMMAR', '', request('grammar', text)],
  ['--grammar-file FNAME', '', ours('--grammar-file')],
  ['-j, --json-schema SCHEMA', '', request('json_schema', json)],
  ['-jf, --json-schema-file FILE', '', ours('--json-schema-file')],
  ['--chat-template-kwargs STRING', 'LLAMA_ARG_CHAT_TEMPLATE_KWARGS', request('chat_template_kwargs', json)],
  ['--reasoning-format FORMAT', 'LLAMA_ARG_THINK', request('reasoning_format', text)],
  ['--reasoning-budget N', 'LLAMA_ARG_THINK_BUDGET', request('reasoning_budget_tokens', number)],
  ['--reasoning-budget-message MESSAGE', 'LLAMA_ARG_THINK_BUDGET_MESSAGE', request('reasoning_budget_message', text)],
  [
    '-rea, --reasoning [on|off|auto]',
    'LLAMA_ARG_REASONING',
    {
      kind: 'depends',
      on: (value) =>
        value === 'auto' || value === ''
          ? ignored('the template says whether the model thinks')
          : request('enable_thinking', (word) => word === 'on'),
      says: 'default of `enable_thinking`',
    },
  ],
  [
    '--reasoning-effort LEVEL',
    'LLAMA_ARG_REASONING_EFFORT',
    {
      kind: 'depends',
      on: (value) => (value === 'default' ? ignored('that is the template’s') : request('reasoning_effort', text)),
      says: 'default of `reasoning_effort`',
    },
  ],
];
