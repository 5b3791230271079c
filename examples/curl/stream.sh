#!/bin/sh
set -eu
url=${INFERNO_URL:-http://127.0.0.1:8080}
key=${INFERNO_API_KEY:-none}

# -N: each event is shown as it comes.
curl -sSN --fail-with-body "$url/v1/chat/completions" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
  -d '{"messages": [{"role": "user", "content": "Count from one to five."}], "max_tokens": 32, "stream": true}'
