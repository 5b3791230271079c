#!/bin/sh
set -eu
url=${INFERNO_URL:-http://127.0.0.1:8080}
key=${INFERNO_API_KEY:-none}

# 202 and an id at once; the answer survives a restart of the server.
work=$(curl -sS --fail-with-body "$url/v1/completions" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
  -d '{"prompt": "Once upon a time", "max_tokens": 16, "background": true}')
id=$(printf '%s' "$work" | sed -n 's/^{"id":"\([^"]*\)".*/\1/p')
while :; do
  state=$(curl -sS --fail-with-body "$url/v1/background/$id" -H "Authorization: Bearer $key")
  case $state in
    *'"status":"queued"'* | *'"status":"running"'*) sleep 1 ;;
    *) break ;;
  esac
done
printf '%s\n' "$state"
