#!/bin/sh
# Stands in for llama-server where a program starts it by its path, as llama.cpp's own test-suite does:
#   LLAMA_SERVER_BIN_PATH=scripts/llama-server-stand-in.sh INFERNO_SUITE_MODEL=stories260K.gguf pytest unit/test_basic.py
# The suite names its small model by a repository, which here is the file INFERNO_SUITE_MODEL.
# The first model answers whatever name a request has, as there.
# INFERNO_COMMAND is what runs the command line tool; default: inferno.
for word do
  shift
  case "$word" in
    --hf-repo) set -- "$@" --model ;;
    ggml-org/test-model-stories260K) set -- "$@" "${INFERNO_SUITE_MODEL:?}" ;;
    *) set -- "$@" "$word" ;;
  esac
done
exec ${INFERNO_COMMAND:-inferno} serve --any-model-name "$@"
