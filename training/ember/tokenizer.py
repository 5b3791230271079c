#!/usr/bin/env python3
"""Byte-level BPE, equal to what llama.cpp does with `tokenizer.ggml.model=gpt2` and `tokenizer.ggml.pre=qwen2`."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import regex

# The expression of llama.cpp for "qwen2": every digit is a token of its own, which sums and counting want.
PRETOKENS = regex.compile(
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

BOS, END, SYSTEM, USER, ASSISTANT = SPECIALS = ("<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
BOS_ID, END_ID = 0, 1
ROLE_IDS = {"system": 2, "user": 3, "assistant": 4}

# What `encode_chat` does, for programs that read the GGUF file. BOS is left out because the tokenizer adds it.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] in ('system', 'developer') -%}{{- '<|system|>' -}}"
    "{%- elif message['role'] == 'assistant' -%}{{- '<|assistant|>' -}}"
    "{%- else -%}{{- '<|user|>' -}}{%- endif -%}"
    "{{- message['content'] | trim -}}{{- '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for every byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = (byte for byte in range(256) if byte not in printable)
    symbols = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}
    return [symbols[byte] for byte in range(256)]


BYTE_SYMBOLS = byte_symbols()
SYMBOL_BYTES = {symbol: byte for byte, symbol in enumerate(BYTE_SYMBOLS)}


def symbols_of(text: str) -> tuple[str, ...]:
    return tuple(BYTE_SYMBOLS[byte] for byte in text.encode("utf-8"))


def merge(word: Sequence[str], pair: tuple[str, str]) -> tuple[str, ...]:
    merged: list[str] = []
    index = 0
    while index < len(word):
        if tuple(word[index : index + 2]) == pair:
            merged.append(pair[0] + pair[1])
            index += 2
        else:
            merged.append(word[index])
            index += 1
    return tuple(merged)


def train_merges(texts: Iterable[str], count: int) -> list[tuple[str, str]]:
    """The `count` most frequent merges, the classic way: merge the commonest pair, count again, repeat."""
    frequencies = Counter(piece for text in texts for piece in PRETOKENS.findall(text))
    words = [(symbols_of(piece), frequency) for piece, frequency in sorted(frequencies.items())]
    pairs: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    for index, (word, frequency) in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += frequency
            places[pair].add(index)
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for index in sorted(places.pop(best)):
            word, frequency = words[index]
            for pair in zip(word, word[1:]):
                pairs[pair] -= frequency
            word = merge(word, best)
            words[index] = (word, frequency)
            for pair in zip(word, word[1:]):
                pairs[pair] += frequency
                places[pair].add(index)
        del pairs[best]
    return merges


class Tokenizer:
    def __init__(self, merges: Sequence[tuple[str, str]]) -> None:
        self.merges = [tuple(pair) for pair in merges]
        self.tokens = [*SPECIALS, *BYTE_SYMBOLS, *(left + right for left, right in self.merges)]
        self._ids = {token: index for index, token in enumerate(self.tokens)}
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._piece_ids = lru_cache(maxsize=200_000)(self._encode_piece)

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        word = symbols_of(piece)
        while len(word) > 1:
            best = min(zip(word, word[1:]), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            word = merge(word, best)
        return tuple(self._ids[symbol] for symbol in word)

    def encode(self, text: str) -> list[int]:
        return [token for piece in PRETOKENS.findall(text) for token in self._piece_ids(piece)]

    def decode(self, ids: Iterable[int]) -> str:
        symbols = "".join(self.tokens[token] for token in ids if token >= len(SPECIALS))
        return bytes(SYMBOL_BYTES[symbol] for symbol in symbols).decode("utf-8", errors="replace")

    def encode_text(self, text: str) -> tuple[list[int], list[int]]:
        """Tokens of a plain text and which of them are to be learned (all but BOS)."""
        ids = [BOS_ID, *self.encode(text), END_ID]
        return ids, [0] + [1] * (len(ids) - 1)

    def encode_chat(self, messages: Sequence[dict[str, str]]) -> tuple[list[int], list[int]]:
        """Tokens of a conversation and which of them are to be learned (what the assistant says)."""
        ids, learned = [BOS_ID], [0]
        for message in messages:
            body = [*self.encode(message["content"].strip()), END_ID]
            ids += [ROLE_IDS[message["role"]], *body]
            learned += [0] + [int(message["role"] == "assistant")] * len(body)
        return ids, learned

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        return [*self.encode_chat(messages)[0], ROLE_IDS["assistant"]]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"merges": self.merges}, ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def load(path: Path) -> Tokenizer:
        return Tokenizer([(left, right) for left, right in json.loads(path.read_text(encoding="utf-8"))["merges"]])


def texts_of(path: Path, limit: int) -> Iterable[str]:
    with path.open(encoding="utf-8") as file:
        for _, line in zip(range(limit), file):
            document = json.loads(line)
            yield from [document["text"]] if "text" in document else (m["content"] for m in document["messages"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/ember/train.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("build/ember/tokenizer.json"))
    parser.add_argument("--vocab", type=int, default=2048)
    parser.add_argument("--documents", type=int, default=60_000)
    arguments = parser.parse_args()
    merges = train_merges(texts_of(arguments.corpus, arguments.documents), arguments.vocab - len(SPECIALS) - 256)
    Tokenizer(merges).save(arguments.out)
    print(f"{arguments.out}: {len(merges)} merges")


if __name__ == "__main__":
    main()
