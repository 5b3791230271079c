"""An answer that follows a JSON schema."""

import json

from inferno_client import post_json

schema = {
    "type": "object",
    "properties": {"answer": {"enum": ["yes", "no"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
answer = post_json(
    "/v1/chat/completions",
    {
        "messages": [{"role": "user", "content": "Is water wet?"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema}},
        "max_tokens": 64,
    },
)
print(json.loads(answer["choices"][0]["message"]["content"])["answer"])
