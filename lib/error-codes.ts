// Generated from native/core/error_codes.def by `npm run generate`. Do not edit.

/** What each stable error code means: HTTP status, OpenAI error type and what to do. */
export const errorCodes = {
  invalid_argument: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Correct the named argument and call again.',
  },
  invalid_json: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Send a body that is valid JSON.',
  },
  invalid_tensor: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Send the inputs that the model names, in the types and shapes it asks for.',
  },
  provider_missing: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Choose one of the execution providers that this library has, or install one that has it.',
  },
  invalid_grammar: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Correct the grammar or JSON schema.',
  },
  invalid_chat_template: {
    status: 400,
    type: 'invalid_request_error',
    remedy: "Send messages in an order the model's chat template accepts.",
  },
  context_length_exceeded: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Shorten the prompt, or load the model with a larger context size.',
  },
  empty_prompt: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Send a prompt of at least one token.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    remedy: 'Send the API key as `Authorization: Bearer KEY`.',
  },
  not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Check the URL; the API lives under /v1.',
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'List the models with GET /v1/models or `inferno models list`.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    remedy: 'Use the method named in the Allow header.',
  },
  not_acceptable: {
    status: 406,
    type: 'invalid_request_error',
    remedy: 'Accept one of the encodings zstd, br, gzip, deflate or identity.',
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    remedy: 'Send the whole request sooner.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    remedy: 'Send a smaller body, or start the server with a larger limit.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    remedy: 'Send `Content-Type: application/json`.',
  },
  queue_full: {
    status: 429,
    type: 'rate_limit_error',
    remedy: 'Wait for the time in Retry-After and send again.',
  },
  overloaded: {
    status: 503,
    type: 'server_error',
    remedy: 'Wait for the time in Retry-After and send again, or send to another instance.',
  },
  deadline_exceeded: {
    status: 504,
    type: 'server_error',
    remedy: 'Send again with a later deadline or a higher priority.',
  },
  priority_not_allowed: {
    status: 403,
    type: 'permission_error',
    remedy: 'Ask for a lower priority, or use a key that may use this one.',
  },
  dependency_failed: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Send the requests it depends on again, then this one.',
  },
  request_not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Check the id; finished background requests are kept for a limited time.',
  },
  journal_unavailable: {
    status: 503,
    type: 'server_error',
    remedy: "Check the disk and the permissions of the journal's folder.",
  },
  file_not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Check the path of the file.',
  },
  file_unreadable: {
    status: 500,
    type: 'server_error',
    remedy: 'Check the permissions and the disk of the file.',
  },
  invalid_model_file: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Download or convert the file again; it is not usable as it is.',
  },
  unsupported_model: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Use a model whose architecture and type this version supports.',
  },
  no_vocabulary: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Use a model that carries a vocabulary.',
  },
  embedding_unsupported: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Use a model that can produce embeddings.',
  },
  task_unsupported: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Use a model that can do this; GET /v1/models names the capabilities of each.',
  },
  out_of_memory: {
    status: 507,
    type: 'server_error',
    remedy: 'Lower the context size or the number of parallel sequences, or use a smaller model.',
  },
  model_unloaded: {
    status: 503,
    type: 'server_error',
    remedy: 'Load the model again before using it.',
  },
  model_loading: {
    status: 503,
    type: 'server_error',
    remedy: 'Wait until /health/ready answers 200.',
  },
  shutting_down: {
    status: 503,
    type: 'server_error',
    remedy: 'Send the request to another instance or after the restart.',
  },
  cancelled: {
    status: 499,
    type: 'invalid_request_error',
    remedy: 'Nothing: the caller cancelled it.',
  },
  decode_failed: {
    status: 500,
    type: 'server_error',
    remedy: 'Send the request again; if it fails again, report the model and the prompt.',
  },
  run_failed: {
    status: 500,
    type: 'server_error',
    remedy: 'Check the inputs against what the model can take; the message says what it refused.',
  },
  backend_missing: {
    status: 500,
    type: 'server_error',
    remedy: 'Reinstall the package or rebuild it with `npm run build:native`.',
  },
  host_not_allowed: {
    status: 403,
    type: 'permission_error',
    remedy: 'Call the server by a name it knows, or start it with `--allowed-host NAME`.',
  },
  origin_not_allowed: {
    status: 403,
    type: 'permission_error',
    remedy: "Add the page's origin to the option `cors` of the server.",
  },
  upgrade_required: {
    status: 426,
    type: 'invalid_request_error',
    remedy: 'Open a WebSocket (version 13) at this URL.',
  },
  ack_timeout: {
    status: 408,
    type: 'invalid_request_error',
    remedy: 'Acknowledge what was received in time, or ask for no acknowledgements.',
  },
  inference_timeout: {
    status: 504,
    type: 'server_error',
    remedy: 'Ask for fewer tokens, or start the server with a larger --inference-timeout.',
  },
  token_timeout: {
    status: 504,
    type: 'server_error',
    remedy: 'Send the request again; if the model is slow by nature, start the server with a larger --token-timeout.',
  },
  ticket_not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Ask for another ticket: each opens one stream, within a minute.',
  },
  session_not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Send the requests again on a new connection; what was not resumed in time is gone.',
  },
  not_supported: {
    status: 501,
    type: 'not_supported_error',
    remedy: 'Use what docs/llama-server.md names instead.',
  },
  internal_error: {
    status: 500,
    type: 'server_error',
    remedy: 'Report it with the request and the log.',
  },
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes;
