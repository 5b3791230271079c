"""The same with the package of OpenAI: pip install openai"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("INFERNO_URL", "http://127.0.0.1:8080") + "/v1",
    api_key=os.environ.get("INFERNO_API_KEY", "none"),
)
model = client.models.list().data[0].id
stream = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "What is Inferno?"}],
    max_tokens=32,
    stream=True,
)
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
print()
