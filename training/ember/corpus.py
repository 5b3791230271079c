#!/usr/bin/env python3
"""Write Ember's training text: every word comes from the templates in `topics/`, none from anywhere else.

The same seed gives the same files. Each line is a JSON object: {"messages": [...]} for a chat, {"text": ...} for prose.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

from topics import inferno, memory, numbers, smalltalk, stories, systems, unknown
from topics.text import Topic, Turn, any_name, as_typed

Document = dict[str, object]

# How often each subject comes up in chats. Stories are rare here because each is long.
SUBJECTS: tuple[tuple[float, tuple[tuple[float, Topic], ...]], ...] = (
    (0.36, numbers.TOPICS), (0.20, inferno.TOPICS), (0.21, smalltalk.TOPICS), (0.07, unknown.TOPICS),
    (0.055, stories.TOPICS), (0.06, systems.TOPICS), (0.045, memory.TOPICS),
)
_TOPICS = [topic for _, topics in SUBJECTS for _, topic in topics]
_WEIGHTS = [share * weight / sum(w for w, _ in topics) for share, topics in SUBJECTS for weight, _ in topics]
_SUMS = ((numbers.digit_sum, numbers.word_sum, numbers.story_sum), (7, 4, 1))


def any_turn(rng: Random) -> Turn:
    return rng.choices(_TOPICS, _WEIGHTS)[0](rng)


def filler(rng: Random, count: int) -> list[Turn]:
    """Turns between others: nothing about the user, whom `memory.weave` takes care of."""
    turns: list[Turn] = []
    while len(turns) < count:
        topic = rng.choices(_TOPICS, _WEIGHTS)[0]
        if topic not in (memory.remember, memory.never_told):
            turns.append(topic(rng))
    return turns


def chat(turns: list[Turn], system: str | None = None) -> Document:
    messages = [] if system is None else [{"role": "system", "content": system}]
    for turn in turns:
        messages += [{"role": "user", "content": turn.user}, {"role": "assistant", "content": turn.assistant}]
    return {"messages": messages}


def copying(rng: Random) -> Document:
    """Names, which have to be copied letter by letter, in as few tokens as possible."""
    roll = rng.random()
    if roll < 0.5:
        name = any_name(rng)
        return chat([as_typed(rng, turn(rng, memory.NAME, name)) for turn in (memory.tell, memory.ask)])
    if roll < 0.8:
        system, turns = systems.named(rng)
        return chat(turns, system)
    return chat([as_typed(rng, systems.say_back(rng))])


def document(rng: Random) -> Document:
    roll = rng.random()
    if roll < 0.20:
        # Sums on their own: each is a fact to remember and needs many repetitions, and each is only a few tokens.
        return chat([as_typed(rng, rng.choices(*_SUMS)[0](rng))])
    if roll < 0.30:
        return copying(rng)
    if roll < 0.56:
        return chat([as_typed(rng, any_turn(rng))])
    if roll < 0.61:
        return chat([as_typed(rng, turn) for turn in filler(rng, rng.randint(2, 4))])
    if roll < 0.75:
        return chat(memory.weave(rng, filler(rng, rng.choice((0, 1, 1, 2, 2, 3, 4)))))
    if roll < 0.755:
        # Long conversations, so that late positions are trained as well.
        return chat(memory.weave(rng, filler(rng, rng.randint(8, 26))))
    if roll < 0.92:
        system, turns = systems.conversation(rng)
        return chat(turns, system)
    if roll < 0.96:
        return {"text": stories.plain_story(rng)}
    return {"text": numbers.plain_numbers(rng) if roll < 0.985 else inferno.plain_facts(rng)}


def write(path: Path, seed: int, count: int) -> None:
    rng = Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(json.dumps(document(rng), ensure_ascii=False) + "\n")
    print(f"{path}: {count} documents, {path.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/ember"))
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--validation", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    write(arguments.out / "train.jsonl", arguments.seed, arguments.documents)
    write(arguments.out / "validation.jsonl", arguments.seed + 1_000_003, arguments.validation)


if __name__ == "__main__":
    main()
