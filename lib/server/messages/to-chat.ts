/** Anthropic's messages as the chat that the engine knows. */
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import type { Message } from '../schemas/messages.js';
import type { CountTokensBody, MessagesBody } from './request-body.js';

type Turn = CountTokensBody['messages'][number];
type Block = Exclude<Turn['content'], string>[number];
type TextBlock = Extract<Block, { type: 'text' | 'document' }>;

function textOf(block: TextBlock): string {
  if (block.type === 'text') return block.text;
  return [block.title, block.context, block.source.data].filter((part) => part != null && part !== '').join('\n');
}

function joined(content: string | readonly TextBlock[] | undefined): string {
  return typeof content === 'string' ? content : (content ?? []).map(textOf).join('\n');
}

function isText(block: Block): block is TextBlock {
  return block.type === 'text' || block.type === 'document';
}

function parts(blocks: readonly Block[]): { type: 'text'; text: string }[] {
  return blocks.filter(isText).map((block) => ({ type: 'text', text: textOf(block) }));
}

/** What tools answered comes before what the user says to it. */
function userMessages(blocks: readonly Block[], role: 'user' | 'system'): Message[] {
  const results = blocks.flatMap((block): Message[] =>
    block.type === 'tool_result'
      ? [{ role: 'tool', tool_call_id: block.tool_use_id, content: joined(block.content) }]
      : [],
  );
  const said = parts(blocks);
  return said.length === 0 && results.length > 0 ? results : [...results, { role, content: said }];
}

function assistantMessage(blocks: readonly Block[]): Message {
  const calls = blocks.flatMap((block) =>
    block.type === 'tool_use'
      ? [
          {
            id: block.id,
            type: 'function' as const,
            function: { name: block.name, arguments: JSON.stringify(block.input) },
          },
        ]
      : [],
  );
  const thoughts = blocks.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join('\n');
  const said = parts(blocks);
  return {
    role: 'assistant',
    content: said.length === 0 ? (calls.length > 0 ? null : '') : said,
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function messagesOf({ role, content }: Turn): Message[] {
  if (typeof content === 'string') return [{ role, content }];
  return role === 'assistant' ? [assistantMessage(content)] : userMessages(content, role);
}

function toolChoiceOf(
  choice: CountTokensBody['tool_choice'],
): Pick<ChatCompletionBody, 'tool_choice' | 'parallel_tool_calls'> {
  if (choice == null) return {};
  if (choice.type === 'none') return { tool_choice: 'none' };
  const parallel = choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {};
  if (choice.type === 'tool')
    return { tool_choice: { type: 'function', function: { name: choice.name } }, ...parallel };
  return { tool_choice: choice.type === 'any' ? 'required' : 'auto', ...parallel };
}

/** The prompt: messages, tools and how it thinks. */
export function promptOf(body: CountTokensBody): ChatCompletionBody {
  const { messages, system, tools, tool_choice: choice, thinking } = body;
  const instructions = joined(system);
  return {
    messages: [
      ...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
      ...messages.flatMap(messagesOf),
    ],
    ...(tools == null
      ? {}
      : {
          tools: tools.map(({ name, description, input_schema: parameters }) => ({
            type: 'function' as const,
            function: { name, description, parameters },
          })),
        }),
    ...toolChoiceOf(choice),
    ...(thinking == null ? {} : { enable_thinking: thinking.type !== 'disabled' }),
    ...(thinking?.type === 'enabled' ? { reasoning_budget_tokens: thinking.budget_tokens } : {}),
    // What the assistant has begun to say is continued.
    ...(messages.at(-1)?.role === 'assistant' ? { continue_final_message: true } : {}),
  };
}

export function chatOf(body: MessagesBody): ChatCompletionBody {
  const format = body.output_config?.format ?? body.output_format;
  const { max_tokens, temperature, top_k, top_p, stop_sequences, metadata, stream } = body;
  const { priority, deadline_ms, tags, retry_count, estimated_tokens, dependencies } = body;
  return {
    ...promptOf(body),
    ...{ max_tokens, temperature, top_k, top_p, stream },
    ...{ priority, deadline_ms, tags, retry_count, estimated_tokens, dependencies },
    ...(stop_sequences == null || stop_sequences.length === 0 ? {} : { stop: stop_sequences }),
    ...(metadata?.user_id == null ? {} : { user: metadata.user_id }),
    ...(format == null ? {} : { response_format: { type: 'json_schema', json_schema: { schema: format.schema } } }),
  };
}
