#!/bin/sh
set -eu
url=${INFERNO_URL:-http://127.0.0.1:8080}
key=${INFERNO_API_KEY:-none}

# The answer is a call in "tool_calls", which your program makes; its result goes back as a message of the role "tool".
curl -sS --fail-with-body "$url/v1/chat/completions" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d @- <<'BODY'
{
  "messages": [{ "role": "user", "content": "Is it raining in Oslo?" }],
  "tools": [
    {
      "type": "function",
      "function": {
        "name": "get_weather",
        "parameters": { "type": "object", "properties": { "city": { "enum": ["Oslo", "Rome"] } }, "required": ["city"] }
      }
    }
  ],
  "tool_choice": "required",
  "max_tokens": 128
}
BODY
