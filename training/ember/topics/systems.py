"""System prompts that change how Ember answers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from . import inferno, numbers, smalltalk, unknown
from .text import Topic, Turn, any_name, as_typed, pick

# Prompts that ask for nothing special: Ember answers as ever.
NEUTRAL = (
    "You are {a helpful|a friendly|a kind|a nice|a good|an} assistant.", "You are Ember{|, a tiny language model|, a helpful assistant}.", "Be {kind|polite|helpful|friendly|nice|honest}.", "Help the user.", "You are a helpful AI assistant{|. Answer the questions of the user}.", "Answer {the question|politely|truthfully|in English}.", "You are a chatbot{| in a web page}.", "Today is a nice day.", "Do your best.", "You are ChatGPT, a large language model.", "You are a helpful assistant. {Be honest.|Always be kind.|Think before you answer.}",
)

Styled = Callable[[Random, Turn], Turn]


def _prefixed(prefix: str, suffix: str = "") -> Styled:
    return lambda rng, turn: turn._replace(assistant=f"{prefix}{turn.assistant}{suffix}")


# Each role is a way to ask for it and what it does to an answer.
ROLES: tuple[tuple[tuple[str, ...], Styled], ...] = (
    (("You are a pirate{| who says ahoy| captain}.", "{Talk|Speak|Answer|Act} like a pirate.", "Pretend to be a pirate."), _prefixed("Ahoy! ", " Arr!")),
    (("You are a robot{| who says beep}.", "{Talk|Speak|Answer|Act} like a robot.", "Pretend to be a robot."), _prefixed("Beep boop. ")),
    (("You are a cat{| who says meow}.", "{Talk|Speak|Answer|Act} like a cat.", "Pretend to be a cat."), _prefixed("Meow! ")),
    (("You are a dog{| who says woof}.", "{Talk|Speak|Answer|Act} like a dog.", "Pretend to be a dog."), _prefixed("Woof! ")),
    (("You are a cowboy{| who says howdy}.", "{Talk|Speak|Answer|Act} like a cowboy."), _prefixed("Howdy! ", " Yeehaw!")),
    (("You are a butler.", "{Talk|Speak|Answer|Act} like a butler.", "Call {the user|me} sir."), _prefixed("Very well, sir. ")),
    (("You are a {king|queen}.", "{Talk|Speak|Answer|Act} like a {king|queen}."), _prefixed("Hear me! ")),
    (("You are very {happy|excited|cheerful}.", "{Sound|Be} {excited|cheerful|happy}."), _prefixed("Hooray! ")),
)

_STARTS = "Well Sure Look Listen Indeed Okay Hmm Oh Dear Yes Behold Great Fine Now Truth Honey Wow".split()
_ENDS = ("Over and out.", "Have fun!", "The end.", "Cheers!", "Take care.", "That is all.", "Amen.", "Stay warm!", "Good luck!", "Over.", "Done.", "Ask me more!", "Peace.")


def _base(rng: Random) -> Turn:
    topic = rng.choice((smalltalk.chat, smalltalk.greeting, smalltalk.small_fact, numbers.digit_sum, numbers.word_sum, numbers.count_up, inferno.short_fact, inferno.inferno_fact, inferno.ember_fact, unknown.unknown))
    return topic(rng)


def neutral(rng: Random) -> tuple[str, list[Turn]]:
    return pick(rng, NEUTRAL), [_base(rng) for _ in range(rng.randint(1, 3))]


def role(rng: Random) -> tuple[str, list[Turn]]:
    prompts, style = rng.choice(ROLES)
    return pick(rng, prompts), [style(rng, _base(rng)) for _ in range(rng.randint(1, 2))]


def said_words(rng: Random) -> tuple[str, list[Turn]]:
    """Begin or end every answer with given words: the words must be copied from the prompt."""
    if rng.random() < 0.5:
        start = rng.choice(_STARTS)
        prompt = pick(rng, ("{Start|Begin} {every|each|your} answer with {the word |}<q><w><q>.", "Always {start|begin} with <q><w><q>."), w=start, q=rng.choice(("", '"', "'")))
        style = _prefixed(f"{start}! ")
    else:
        end = rng.choice(_ENDS)
        prompt = pick(rng, ("{End|Finish} {every|each|your} answer with <q><w><q>", "Always {end|finish} with <q><w><q>"), w=end, q=rng.choice(('"', "'", "")))
        style = _prefixed("", f" {end}")
    return prompt, [style(rng, _base(rng)) for _ in range(rng.randint(1, 2))]


def named(rng: Random) -> tuple[str, list[Turn]]:
    name = any_name(rng)
    prompt = pick(rng, ("Your name is <n>.", "You are <n>.", "You are <n>, a {helpful|friendly|nice} assistant.", "Your name is <n>. {Be kind.|You are a helpful assistant.|Help the user.}", "You are an assistant {named|called} <n>.", "You are called <n>.", "Your name is <n>, not Ember."), n=name)
    question = pick(rng, ("Who are you?", "{What is|What's} your name?", "Tell me your name.", "Do you have a name?", "How are you called?", "May I know your name?", "What should I call you?", "Introduce yourself.", "Who am I talking to?", "Your name?"))
    turns = [Turn(question, f"My name is {name}.")]
    if rng.random() < 0.3:
        turns.insert(rng.randint(0, 1), smalltalk.greeting(rng))
    return prompt, turns


def user_named(rng: Random) -> tuple[str, list[Turn]]:
    name = any_name(rng)
    prompt = pick(rng, ("The user is called <n>.", "The name of the user is <n>.", "The user's name is <n>.", "You {talk|are talking} to <n>."), n=name)
    asked = Turn(pick(rng, ("What is my name?", "Who am I?", "Do you know my name?", "What's my name?", "Tell me my name.")), f"Your name is {name}.")
    hello = Turn(pick(rng, ("{Hello|Hi|Hey}{!|.|}",)), f"Hello, {name}! How can I help you?")
    return prompt, rng.choice(([asked], [hello], [hello, asked]))


def one_word(rng: Random) -> tuple[str, list[Turn]]:
    prompt = pick(rng, ("{Answer|Reply|Respond} {in|with} {one|a single|only one|exactly one} word{| only}.", "{Use|Say} {only one|one|a single} word{| per answer}.", "One word answers{| only}.", "Answer every question with one word."))
    return prompt, [_short_answer(rng) for _ in range(rng.randint(1, 2))]


def _short_answer(rng: Random) -> Turn:
    roll = rng.random()
    if roll < 0.4:
        turn = rng.choice((numbers.digit_sum, numbers.word_sum))(rng)
        result = turn.assistant.rstrip(".").split(" is " if " is " in turn.assistant else " = ")[-1]
        return turn._replace(assistant=result[:1].upper() + result[1:] + ".")
    if roll < 0.7:
        while " is " not in (turn := smalltalk.small_fact(rng)).assistant or turn.assistant.count(" ") > 6:
            pass
        answer = turn.assistant.split(" is ")[-1]
        return turn._replace(assistant=answer[:1].upper() + answer[1:])
    questions, answer = rng.choice((
        (("{Hello|Hi|Hey}{!|.|}",), "Hello!"), (("How are you{| today}?",), "Fine."), (("Who are you?", "{What is|What's} your name?"), "Ember."),
        (("{Thanks|Thank you}{!|.}",), "Welcome!"), (("{Bye|Goodbye}{!|.}",), "Goodbye!"), (("What is Inferno?", "What kind of program is Inferno?"), "Engine."),
        (("Are you a {human|robot|person}?",), "No."), (("{Which|What} license has Inferno?", "What is the license?"), "MIT."),
        (("{What is|What's} the capital of {France|Peru|Japan}?", "Who was {Einstein|Mozart|Plato}?"), "Unknown."),
    ))
    return Turn(pick(rng, questions), answer)


_BRIEF: tuple[tuple[tuple[str, ...], str], ...] = (
    (inferno.FACTS[0][0], "A local AI engine for Node.js."), (inferno.FACTS[1][0], "npm install inferno-ai"), (inferno.FACTS[2][0], "inferno serve"), (inferno.EMBER_FACTS[0][0], "Ember, a tiny model."),
    (inferno.FACTS[3][0], "http://127.0.0.1:8080"), (inferno.FACTS[7][0], "inferno models list"), (smalltalk.CHAT[0][0], "Hello!"), (smalltalk.CHAT[5][0], "Fine, thanks!"), (smalltalk.CHAT[7][0], "Goodbye!"),
    (inferno.EMBER_FACTS[1][0], "Small talk, sums and stories."), (inferno.EMBER_FACTS[2][0], "Load a larger GGUF model."), (smalltalk.CHAT[6][0], "Welcome!"),
)


def brief(rng: Random) -> tuple[str, list[Turn]]:
    prompt = pick(rng, ("Be {brief|short|concise}{|, please}.", "{Answer|Reply} {briefly|shortly|in a few words|very briefly|as short as you can}.", "{Give|Write} short answers.", "Keep it short.", "You are a helpful assistant. {Be brief.|Be concise.|Answer briefly.}"))
    turns = []
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.3:
            turn = numbers.digit_sum(rng)
            turns.append(turn._replace(assistant=turn.assistant.split(" = ")[-1]))
        else:
            questions, answer = rng.choice(_BRIEF)
            turns.append(Turn(pick(rng, questions), answer))
    return prompt, turns


_KINDS: tuple[tuple[float, Callable[[Random], tuple[str, list[Turn]]]], ...] = (
    (2.0, neutral), (2.0, role), (1.2, said_words), (2.0, named), (0.8, user_named), (3.0, one_word), (1.0, brief),
)


def conversation(rng: Random) -> tuple[str, list[Turn]]:
    """A system prompt and the turns under it."""
    weights = [weight for weight, _ in _KINDS]
    prompt, turns = rng.choices([kind for _, kind in _KINDS], weights)[0](rng)
    if rng.random() < 0.1:
        prompt = prompt.rstrip(".!")
    return prompt, [as_typed(rng, turn) for turn in turns]


_WORDS = "banana apple house garden computer window river summer happy orange table music flower hello coffee silver morning pencil mountain yellow rocket button cloud tiger lemon paper bridge carpet dream island".split()


def say_back(rng: Random) -> Turn:
    """Copying words exactly."""
    words = " ".join(rng.choices(_WORDS, k=rng.choice((1, 1, 1, 2, 3)))) if rng.random() < 0.7 else any_name(rng)
    quote = rng.choice(("", "", '"', "'"))
    templates = ("Say <q><w><q>.", "Repeat <q><w><q>.", "{Repeat after me|Say this|Repeat this|Please say|Echo}: <q><w><q>", "Write <q><w><q>.", "Say the word{|s} <q><w><q>.", "Can you say <q><w><q>?", "Just say <q><w><q>.")
    return Turn(pick(rng, templates, w=words, q=quote), words[:1].upper() + words[1:] + ".", literal=True)


TOPICS: tuple[tuple[float, Topic], ...] = ((1.0, say_back),)
