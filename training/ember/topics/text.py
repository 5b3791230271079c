"""Helpers shared by the topics: a small template language, ways people type, and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple


class Turn(NamedTuple):
    """A question and its answer. `literal` questions hold text to copy, so their letters must not be changed."""

    user: str
    assistant: str
    literal: bool = False


Topic = Callable[[Random], Turn]

_INNERMOST = re.compile(r"\{([^{}]*)\}")


def spin(rng: Random, template: str, **slots: object) -> str:
    """Choose one of every `{a|b|c}` (they nest), then fill the slots written `<name>`."""
    while match := _INNERMOST.search(template):
        choice = rng.choice(match.group(1).split("|"))
        template = template[: match.start()] + choice + template[match.end() :]
    for name, value in slots.items():
        template = template.replace(f"<{name}>", str(value))
    return template


def pick(rng: Random, templates: Sequence[str], **slots: object) -> str:
    return spin(rng, rng.choice(templates), **slots)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_OPENERS = (
    "Hi, ", "Hey, ", "Hello! ", "Please ", "Ember, ", "Ok, ", "Now ", "So, ", "And ", "Hey Ember, ", "Tell me, ", "Quick question: ",
    "I have a question. ", "I am new here. ", "One more thing: ", "Good morning! ", "Thanks! ", "Excuse me, ", "Well, ", "Ok. ", "I was wondering: ", "My question is: ", "Could you please tell me: ", "Ember, tell me: ", "By the way, ", "Great. ", "Oh, ",
)
_CLOSERS = (" please", ", please", " Thanks!", ", Ember", " now", " for me", " Thank you!", ", my friend")

_TAILS = (" today", " right now", " again", " here", " then", " anyway", " by the way", " at the moment", " this time", " over there", " at home", " exactly", " really", " actually", " once more", " tonight", " this week")
_DROPPED = re.compile(r"\b(?:the|a|an|is|do|to|it|of|my|can|I) ")
# Words that can stand for each other wherever the templates use them.
_SYNONYMS = {
    "start": "launch|boot|fire up|bring up", "show": "display|print", "use": "work with|employ|try", "server": "web server|HTTP server|service", "machine": "PC|laptop|computer",
    "computer": "machine|PC|laptop", "story": "tale|fairy tale", "answer": "reply|response", "very": "really|so|super|quite", "internet": "web|network", "load": "open|read",
    "install": "set up|download|add", "chat": "talk|conversation", "command": "shell command|instruction", "models": "language models|AI models", "model": "AI model|language model",
    "nice": "lovely|sweet|pleasant", "explain": "describe|clarify", "Explain": "Describe|Clarify|Please explain", "large": "huge|heavy", "many": "several|lots of", "support": "handle|understand",
    "need": "require", "speak": "talk", "made": "created|produced|built", "data": "information|text", "run": "execute|start", "default": "standard|usual", "terminal": "shell|console|command line",
    "work": "function|operate", "tell": "say to", "friend": "buddy|pal", "great": "excellent|super|fantastic", "written": "programmed|coded|implemented", "difference": "distinction", "file": "model file",
}
_SYNONYM_WORDS = re.compile(r"\b(?:" + "|".join(_SYNONYMS) + r")\b")


def reworded(rng: Random, text: str) -> str:
    """One word replaced, one small word left out, or a few words added."""
    roll = rng.random()
    if roll < 0.55 and (found := list(_SYNONYM_WORDS.finditer(text))):
        match = rng.choice(found)
        return text[: match.start()] + rng.choice(_SYNONYMS[match.group()].split("|")) + text[match.end() :]
    if roll < 0.75 and (found := list(_DROPPED.finditer(text))):
        match = rng.choice(found)
        return text[: match.start()] + text[match.end() :]
    body = text.rstrip("?.!")
    return body + rng.choice(_TAILS) + text[len(body) :]


# The same question in other words: what a question looks like, and how else to put it.
_REPHRASINGS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"(?:What is|What's) (\S+ .+|[A-Z]\w+)\?"), (
        "Can you tell me what <1> is?", "Tell me what <1> is.", "Do you know what <1> is?", "I want to know what <1> is.",
        "I wonder what <1> is.", "Could you say what <1> is?", "Any idea what <1> is?", "Please tell me what <1> is.", "I need to know what <1> is.",
    )),
    (re.compile(r"How (?:do|can) I (.+)\?"), (
        "How do you <1>?", "What do I do to <1>?", "Can you explain how to <1>?", "I would like to <1>. How?", "How should I <1>?", "What is the way to <1>?",
        "I need to <1>.", "Please help me <1>.", "Is there a way to <1>?", "What is the best way to <1>?", "I am trying to <1>.", "Tell me how I can <1>.", "How could I <1>?",
    )),
    (re.compile(r"(Who|Where) (is|are|was) (.+)\?"), ("Can you tell me <w> <3> <2>?", "Do you know <w> <3> <2>?", "Tell me <w> <3> <2>.", "I want to know <w> <3> <2>.")),
    (re.compile(r"(Which|What) (\w+) (starts|runs|lists|shows|answers|do I|is needed|does Inferno) ?(.*)\?"), ("Tell me <w> <2> <3> <4>.", "Can you say <w> <2> <3> <4>?", "Do you know <w> <2> <3> <4>?")),
)


def rephrased(rng: Random, question: str) -> str:
    for pattern, forms in _REPHRASINGS:
        if match := pattern.fullmatch(question):
            form = rng.choice(forms).replace("<w>", match.group(1).lower())
            for index, group in enumerate(match.groups(), start=1):
                form = form.replace(f"<{index}>", group)
            return form.replace(" .", ".").replace(" ?", "?")
    return question


_CONTRACTIONS = (("You are", "You're"), ("you are", "you're"), ("I am", "I'm"), ("o not", "on't"), ("hat is", "hat's"), ("Who is", "Who's"), ("It is", "It's"), ("annot", "an't"))
_YOU, _ARE = re.compile(r"\b[Yy]ou\b"), re.compile(r"\bare\b")


def contracted(text: str) -> str:
    for long, short in _CONTRACTIONS:
        text = text.replace(long, short)
    return text


def mistyped(rng: Random, text: str) -> str:
    """One slip of a finger in a longer word."""
    words = [match for match in re.finditer(r"[A-Za-z]{5,}", text)]
    if not words:
        return text
    at = rng.randrange((word := rng.choice(words)).start() + 1, word.end() - 1)
    swap = text[at + 1] + text[at]
    return text[:at] + rng.choice((swap, text[at + 1], text[at] * 2 + text[at + 1])) + text[at + 2 :]


def as_typed(rng: Random, turn: Turn) -> Turn:
    """The same turn as a hurried, a polite or a careful person would type it."""
    text = turn.user
    if not turn.literal and rng.random() < 0.15:
        text = rephrased(rng, text)
    if not turn.literal and rng.random() < 0.2:
        text = reworded(rng, text)
    roll = rng.random()
    if roll < 0.14:
        opener = rng.choice(_OPENERS)
        keep = text[:2] in ("I ", "I'") or opener[-2] in "!.:" or turn.literal
        text = opener + (text if keep else text[:1].lower() + text[1:])
    elif roll < 0.20 and text[-1:] in "?.":
        closer = rng.choice(_CLOSERS)
        text = text + closer if closer.endswith("!") else text[:-1] + closer + text[-1]
    if not turn.literal:
        if rng.random() < 0.2:
            text = text.lower()
        if rng.random() < 0.05:
            text = mistyped(rng, text)
        if rng.random() < 0.12:
            text = contracted(text)
        if rng.random() < 0.05:
            text = text.replace("'", "")
        if rng.random() < 0.02:
            text = _YOU.sub("u", _ARE.sub("r", text))
    if rng.random() < 0.2:
        text = text.rstrip("?.!")
    return Turn(text, turn.assistant, turn.literal)


NAMES = tuple(
    "Anna Ben Clara David Emma Felix Grace Henry Ida Jack Kate Leo Lily Max Mia Noah Nora Oscar Paul Rosa Sam Sara "
    "Tom Tim Vera Will Zoe Amy Bob Carl Dora Eva Fred Gina Hugo Iris Jane Kurt Lena Mark Nina Otto Pia Ruth Sue Ted "
    "Uma Vic Wendy Yara Alex Alice Bella Chris Daisy Eric Finn George Hannah Ivan Julia Karl Laura Martin Nick Olga "
    "Peter Robin Simon Tina Victor Maria John Mary James Linda Lisa Kim Ali Omar Fatima Yuki Chen Ravi Priya Diego "
    "Lucia Marco Elena Jonas Klara Mateo Aisha Kofi Lars Ingrid Pierre Amelie Luca Sofia Andrei Mila Jan Eli Ada".split()
)

NOUNS = tuple(
    "car bike house boat phone computer camera guitar piano table chair bed lamp mirror clock watch ring shirt dress jacket hat shoe bag umbrella knife spoon "
    "plate bottle glass candle carpet curtain garden tree rose cactus mushroom potato carrot onion garlic pepper sandwich burger sausage steak cookie candy "
    "tiger lion zebra giraffe monkey camel kangaroo crocodile shark dolphin eagle parrot butterfly spider ant beetle goat pig cow robot rocket satellite "
    "telescope engine battery magnet bridge tower castle church school hospital factory museum theater stadium airport train tram truck helicopter ladder "
    "hammer saw drill nail screw rope tent map compass novel poem newspaper painting statue violin trumpet drum movie game puzzle doll kite balloon ticket "
    "passport wallet coin stamp letter package pillow blanket towel soap brush comb needle button zipper printer keyboard monitor cable router server".split()
)

_STARTS = "Ba Be Bo Da De Do Fa Fe Ga Go Ha He Jo Ka Ke Ki La Le Lo Ma Me Mo Na Ne No Pa Po Ra Re Ri Ro Sa Se So Ta Te To Va Vi Wa We Za Zo Bra Cla Dri Fre Gri Kle Pri Sto Tra".split()
_MIDDLES = "ba da di fi go ka li lo ma mi na ni no ra ri ro sa so ta ti va vi za".split()
_ENDS = "n r l s x k m na ra la ta ndo rix lan ton vin mir sel dor bert lia nia ri to ko".split()


_ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kn l m n p ph pl pr qu r s sc sh sl sm sn sp st str t th tr v w wh x y z".split()
_VOWELS = "a a e e i i o o u ai au ea ee ei ie oa oo ou y".split()
_CODAS = ["", "", "", *"b ck d ff g l ll m n nd ng nn nt p r rd rk rt s sk ss st t th tte x z mew nes mille".split()]


def invented_name(rng: Random) -> str:
    """A name nobody has: only copying, not remembering, gets it right."""
    if rng.random() < 0.6:
        # Letters almost at random, so that copying does not come to rely on a few syllables.
        syllables = range(rng.choice((1, 2, 2, 2, 3)))
        return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in syllables).capitalize()
    return rng.choice(_STARTS) + "".join(rng.choices(_MIDDLES, k=rng.randint(0, 1))) + rng.choice(_ENDS)


def any_name(rng: Random) -> str:
    return rng.choice(NAMES) if rng.random() < 0.4 else invented_name(rng)
