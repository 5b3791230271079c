import { z } from 'zod';
import { chatCompletionBody } from '../../schemas/chat-completions.js';
import { completionBody } from '../../schemas/completions.js';
import { clientMessages } from '../../websocket/client-messages.js';
import { serverMessage } from '../answers/websocket.js';
import { namedRequest } from '../json-schema.js';
import type { Operations } from '../operation.js';

const { chat_request: chat, completion_request: completion, cancel, ...others } = clientMessages;
const clientMessage = z.discriminatedUnion('type', [
  chat.extend({ data: chatCompletionBody }),
  completion.extend({ data: completionBody }),
  cancel,
  ...Object.values(others),
]);

export const webSocketOperations: Operations = {
  'GET /ws/stream': {
    tag: 'Generation',
    summary: 'Many streams on one WebSocket',
    description:
      'An upgrade to a WebSocket with the subprotocol `inferno.v1`: chats and completions, cancel, acknowledgements, credit ' +
      'and resume. Messages are JSON in text frames: docs/websocket.md. Browsers send a key as a second subprotocol, ' +
      '`inferno.key.KEY`.',
    answers: { 101: { description: 'The WebSocket is open; the first message is `connection_info`.' } },
    errors: ['invalid_argument', 'origin_not_allowed', 'upgrade_required', 'overloaded', 'shutting_down'],
    webSocket: {
      client: namedRequest('WebSocketClientMessage', clientMessage),
      server: serverMessage,
    },
  },
};
