/** Why flags of llama-server have no effect or are refused, where several share the reason. */
export const noAdapters = 'LoRA adapters and control vectors are not supported';
export const noMedia = 'images, video and audio are not supported';
export const noDownload = 'nothing is downloaded here; give the file with --model';
export const noAgent = 'built-in tools for agents and MCP servers are not part of this server';
export const noPages = 'there is no web page here';
export const ownCores = 'threads are placed by the operating system and adapt to the cores that are free';
export const ownMemory = 'the engine decides how weights and caches lie in memory';
export const ownLog = 'what is logged is fixed: errors and notes on stderr';
export const ownSpeculation = 'how tokens are guessed adapts by itself; see --speculation and --draft-max';
export const ownRope = 'RoPE and YaRN come from the model file only';
export const ownCheckpoints = 'the cache of prompts decides that by itself';
export const f16Only = 'the KV cache is f16';
