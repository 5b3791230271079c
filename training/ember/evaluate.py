#!/usr/bin/env python3
"""Ask Ember everything in `checks.py`, greedily, through llama.cpp's server (or any OpenAI-compatible one)."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import product
from pathlib import Path

from checks import CHECKS, COMPLETIONS
from topics.numbers import listed, word
from topics.text import capital


def post(url: str, body: dict[str, object]) -> dict:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


@contextmanager
def server(binary: Path, model: Path, port: int) -> Iterator[str]:
    """llama.cpp's own server with the model loaded, for as long as the block runs."""
    url = f"http://127.0.0.1:{port}"
    command = [binary, "-m", model, "--jinja", "--port", str(port), "-t", "1", "-c", "1024", "-np", "1", "--log-disable"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def chat(url: str, messages: list[dict[str, str]]) -> str:
    answer = post(f"{url}/v1/chat/completions", {"model": "ember", "messages": messages, "temperature": 0, "max_tokens": 300})
    return answer["choices"][0]["message"]["content"]


def complete(url: str, prompt: str) -> str:
    answer = post(f"{url}/v1/completions", {"model": "ember", "prompt": prompt, "temperature": 0, "max_tokens": 200})
    return answer["choices"][0]["text"]


def questions_of(corpora: list[Path]) -> set[str]:
    documents = (json.loads(line) for corpus in corpora for line in corpus.open(encoding="utf-8"))
    return {m["content"] for document in documents for m in document.get("messages", []) if m["role"] == "user"}


def run(url: str, corpora: list[Path], verbose: bool) -> list[dict[str, object]]:
    """Ask everything, print what failed and the rates; returns the checks that passed."""
    seen = questions_of(corpora)
    passed: list[dict[str, object]] = []
    asked, right = Counter(), Counter()
    for check in CHECKS:
        answer = chat(url, check.messages)
        ok = re.search(check.expect, answer) is not None
        question = check.messages[-1]["content"]
        groups = [check.subject, "all"] + (["all, question not in the corpus"] if corpora and question not in seen else [])
        asked.update(groups)
        if ok:
            right.update(groups)
            passed.append({"messages": check.messages, "expect": check.expect})
        if verbose or not ok:
            print(f"{'pass' if ok else 'FAIL'}  [{check.subject}] {question!r} -> {answer!r}")
    for prompt, expect in COMPLETIONS:
        text = complete(url, prompt)
        ok = re.search(expect, text) is not None
        asked.update(("completion", "all"))
        right.update(("completion", "all") if ok else ())
        if verbose or not ok:
            print(f"{'pass' if ok else 'FAIL'}  [completion] {prompt!r} -> {text!r}")
    for group, count in asked.items():
        print(f"{group}: {right[group]}/{count} = {100 * right[group] / count:.1f} %")
    return passed


def tables() -> Iterator[tuple[str, str, str]]:
    """Everything in the range Ember is trained for: kind, question, answer."""
    for a, b in product(range(21), repeat=2):
        yield "additions, digits, to 20 + 20", f"What is {a} + {b}?", f"{a} + {b} = {a + b}."
        if a >= b:
            yield "subtractions, digits, from 20", f"What is {a} - {b}?", f"{a} - {b} = {a - b}."
    for a, b in product(range(11), repeat=2):
        yield "multiplications, digits, to 10 * 10", f"What is {a} * {b}?", f"{a} * {b} = {a * b}."
        yield "additions, words, to ten plus ten", f"What is {word(a)} plus {word(b)}?", f"{capital(word(a))} plus {word(b)} is {word(a + b)}."
        yield "multiplications, words, to ten times ten", f"What is {word(a)} times {word(b)}?", f"{capital(word(a))} times {word(b)} is {word(a * b)}."
    for a, b in product(range(11), range(21)):
        if a + 2 <= b <= a + 14:
            yield "counting up, digits", f"Count from {a} to {b}.", listed(range(a, b + 1), as_words=False)
            yield "counting up, words", f"Count from {word(a)} to {word(b)}.", listed(range(a, b + 1), as_words=True)
    for stop, steps in product(range(7), range(2, 13)):
        yield "counting down, digits", f"Count down from {stop + steps} to {stop}.", listed(range(stop + steps, stop - 1, -1), as_words=False)


def run_tables(url: str) -> None:
    asked, right = Counter(), Counter()
    for kind, question, expected in tables():
        asked[kind] += 1
        right[kind] += chat(url, [{"role": "user", "content": question}]) == expected
    for kind, count in asked.items():
        print(f"{kind}: {right[kind]}/{count} = {100 * right[kind] / count:.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running server; without it, --llama-server is started")
    parser.add_argument("--llama-server", type=Path, default=Path("build/llama.cpp/bin/llama-server"))
    parser.add_argument("--model", type=Path, default=Path("models/ember.gguf"))
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[], help="every train.jsonl it saw, to tell which questions occur in it verbatim")
    parser.add_argument("--write-checks", type=Path, help="write the checks that passed, for the tests of Inferno")
    parser.add_argument("--tables", action="store_true", help="ask every sum and count in range as well, a minute or so")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    running = nullcontext(arguments.url) if arguments.url else server(arguments.llama_server, arguments.model, arguments.port)
    with running as url:
        passed = run(url, arguments.corpus, arguments.verbose)
        if arguments.tables:
            run_tables(url)
    if arguments.write_checks:
        text = "[\n" + ",\n".join("  " + json.dumps(check, ensure_ascii=False) for check in passed) + "\n]\n"
        arguments.write_checks.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
