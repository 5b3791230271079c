"""A chat, printed as it comes."""

import json

from inferno_client import post

body = {"messages": [{"role": "user", "content": "Count from one to five."}], "max_tokens": 32, "stream": True}
with post("/v1/chat/completions", body) as answer:
    for line in answer:
        if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
            continue
        chunk = json.loads(line[len(b"data: ") :])
        if "error" in chunk:
            raise RuntimeError(chunk["error"]["message"])
        for choice in chunk["choices"]:
            print(choice["delta"].get("content", ""), end="", flush=True)
print()
