"""Conversations in which something said earlier is asked for later."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from .text import Topic, Turn, any_name, as_typed, pick

_COLORS = "blue red green yellow orange purple pink black white brown grey silver".split()
_ANIMALS = "dog cat horse bird fish rabbit mouse fox bear owl frog turtle lion tiger elephant duck hamster wolf".split()
_FOODS = "pizza pasta soup bread cake rice apples cheese chocolate noodles salad pancakes honey tomatoes cookies eggs".split()
_CITIES = "Berlin Paris London Rome Madrid Vienna Tokyo Oslo Lisbon Dublin Prague Boston Chicago Munich Hamburg Sydney Cairo Delhi Lima Zurich".split()
_JOBS = "teacher;doctor;farmer;baker;painter;student;nurse;pilot;singer;writer;gardener;programmer;driver;cook".split(";")


class Memory(NamedTuple):
    """Something a user tells (`say`, answered by `reply`) and asks for later (`ask`, answered by `recall`)."""

    kind: str
    say: tuple[str, ...]
    reply: tuple[str, ...]
    ask: tuple[str, ...]
    recall: str
    unknown: str


NAME = Memory(
    "name",
    ("My name is <v>.", "My name is <v>.", "I am <v>.", "I'm <v>.", "{Hi|Hello|Hey}, {my name is|I am|I'm} <v>{.|!}", "{Hello|Hi}! I'm <v>.", "Call me <v>.", "You can call me <v>.", "{People|My friends|They} call me <v>.", "My name's <v>.", "<v> is my name.", "This is <v>.", "I am called <v>.", "The name is <v>."),
    ("Nice to meet you, <v>!",),
    ("What is my name?", "What's my name?", "Do you {know|remember} my name?", "Who am I?", "What am I called?", "Can you {tell me|say} my name?", "{Tell me|Say} my name.", "Do you remember {me|who I am}?", "What was my name{| again}?", "How am I called?", "Did you forget my name?", "What did I say my name was?"),
    "Your name is <v>.",
    "You have not told me your name yet.",
)

OTHERS: tuple[tuple[Memory, list[str]], ...] = (
    (Memory("color", ("My favorite {color|colour} is <v>.", "I like the {color|colour} <v>{| best| most}.", "The {color|colour} I like best is <v>."), ("<V> is a lovely color!",), ("What is my favorite {color|colour}?", "{Which|What} {color|colour} do I like{| best| most}?", "Do you remember my favorite {color|colour}?"), "Your favorite color is <v>.", "You have not told me your favorite color yet."), _COLORS),
    (Memory("animal", ("My favorite animal is the <v>.", "The animal I like {best|most} is the <v>."), ("Good choice! I like stories about animals.",), ("What is my favorite animal?", "{Which|What} animal do I like{| best| most}?"), "Your favorite animal is the <v>.", "You have not told me your favorite animal yet."), _ANIMALS),
    (Memory("food", ("My favorite food is <v>.", "I {love|like} <v>.", "I like to eat <v>."), ("That sounds tasty!",), ("What is my favorite food?", "What do I like to eat?", "{Which|What} food do I {like|love}?"), "You like <v>.", "You have not told me what you like to eat yet."), _FOODS),
    (Memory("city", ("I live in <v>.", "I am from <v>.", "I come from <v>.", "My home is <v>.", "My city is <v>."), ("<v> must be a nice place.",), ("Where do I live?", "Where {am I|do I come} from?", "{Which|What} city {do I live in|is my home|am I from}?"), "You live in <v>.", "You have not told me where you live yet."), _CITIES),
    (Memory("job", ("I am a <v>.", "I work as a <v>.", "My job is <v>."), ("That is a fine job!",), ("What is my job?", "What do I do{| for a living}?", "What do I work as?"), "You are a <v>.", "You have not told me about your job yet."), _JOBS),
    (Memory("pet", ("My {dog|cat|pet} is called <v>.", "I have a {dog|cat|pet} {named|called} <v>.", "The name of my {dog|cat|pet} is <v>."), ("<v> is a lovely name!",), ("What is {the name of my pet|my pet called|my pet's name}?", "How is my {dog|cat|pet} called?", "What is the name of my {dog|cat|pet}?"), "Your pet is called <v>.", "You have not told me about your pet yet."), []),
)
_AGE = Memory("age", ("I am <v> years old.", "My age is <v>."), ("<v> is a good age!",), ("How old am I?", "What is my age?"), "You are <v> years old.", "You have not told me your age yet.")
_NUMBER = Memory("number", ("My {favorite|lucky} number is <v>.", "Remember the number <v>."), ("<v> is a good number!",), ("What is my {favorite|lucky} number?", "{Which|What} number {did I say|should you remember|was it}?"), "Your number is <v>.", "You have not told me your number yet.")


def choose(rng: Random) -> tuple[Memory, str]:
    """Something to tell about oneself, and its value; names come up most."""
    roll = rng.random()
    if roll < 0.5:
        return NAME, any_name(rng)
    if roll < 0.56:
        return _AGE, str(rng.randint(5, 99))
    if roll < 0.62:
        return _NUMBER, str(rng.randint(1, 99))
    memory, values = rng.choice(OTHERS)
    return memory, rng.choice(values) if values else any_name(rng)


def tell(rng: Random, memory: Memory, value: str) -> Turn:
    reply = pick(rng, memory.reply, v=value, V=value.capitalize())
    return Turn(pick(rng, memory.say, v=value), reply, literal=True)


def ask(rng: Random, memory: Memory, value: str | None) -> Turn:
    return Turn(pick(rng, memory.ask), memory.unknown if value is None else memory.recall.replace("<v>", value))


def never_told(rng: Random) -> Turn:
    memory = NAME if rng.random() < 0.5 else rng.choice(OTHERS)[0]
    return ask(rng, memory, None)


def remember(rng: Random) -> Turn:
    """Someone introduces themselves; standing alone this teaches the greeting."""
    return tell(rng, *choose(rng))


def weave(rng: Random, filler: list[Turn]) -> list[Turn]:
    """Put facts about the user into a conversation, ask for them later, and now and then correct one."""
    turns = [as_typed(rng, turn) for turn in filler]
    told: dict[str, tuple[Memory, str]] = {}
    position = 0
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        memory, value = choose(rng)
        if memory.kind in told and rng.random() < 0.5:
            continue
        told[memory.kind] = (memory, value)
        position = rng.randint(position, len(turns)) if position else rng.randint(0, min(1, len(turns)))
        turns.insert(position, as_typed(rng, tell(rng, memory, value)))
        position += 1
    for memory, value in told.values():
        position = rng.randint(position, len(turns))
        turns.insert(position, as_typed(rng, ask(rng, memory, value)))
        position += 1
    if rng.random() < 0.15 and "name" not in told:
        turns.append(as_typed(rng, ask(rng, NAME, None)))
    return turns


TOPICS: tuple[tuple[float, Topic], ...] = ((1.0, remember), (0.6, never_told))
