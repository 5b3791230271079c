#!/bin/sh
set -eu
url=${INFERNO_URL:-http://127.0.0.1:8080}
key=${INFERNO_API_KEY:-none}

curl -sS --fail-with-body "$url/v1/messages" -H "x-api-key: $key" -H 'Content-Type: application/json' \
  -d '{"messages": [{"role": "user", "content": "What is Inferno?"}], "max_tokens": 32}'
