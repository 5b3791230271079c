#!/bin/sh
set -eu
url=${INFERNO_URL:-http://127.0.0.1:8080}
key=${INFERNO_API_KEY:-none}

curl -sS --fail-with-body "$url/v1/responses" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
  -d '{"input": "What is Inferno?", "max_output_tokens": 32}'
