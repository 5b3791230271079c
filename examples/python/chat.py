"""A chat, answered whole."""

from inferno_client import post_json

answer = post_json(
    "/v1/chat/completions",
    {"messages": [{"role": "user", "content": "What is Inferno?"}], "max_tokens": 32},
)
print(answer["choices"][0]["message"]["content"])
