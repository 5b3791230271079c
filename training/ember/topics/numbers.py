"""Counting and sums, within what a model of this size can hold: operands to 20, products to 10 x 10."""

from __future__ import annotations

from random import Random

from .text import Topic, Turn, capital, pick

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()

OUT_OF_RANGE = "That is too hard for me. I only know simple sums with small numbers."
TOO_FAR = "That is too far for me. I only count to twenty."


def word(number: int) -> str:
    if number < 0:
        return f"minus {word(-number)}"
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")
    return "one hundred"


_ASK = "{What is|What's|How much is|Calculate|Compute|Can you calculate|Do you know what is|Work out|Tell me|Solve}"
_SIGNS = {"+": ("+", "plus"), "-": ("-", "minus"), "*": ("*", "times")}
_DIGIT_FORMS = {
    "+": ("<a> + <b>", "<a> + <b>", "<a>+<b>", "<a> plus <b>", "the sum of <a> and <b>", "<a> and <b> together"),
    "-": ("<a> - <b>", "<a> - <b>", "<a>-<b>", "<a> minus <b>", "<a> take away <b>"),
    "*": ("<a> * <b>", "<a>*<b>", "<a> x <b>", "<a> times <b>", "<a> multiplied by <b>"),
}
_WORD_FORMS = {"+": ("<a> plus <b>", "<a> and <b>"), "-": ("<a> minus <b>", "<a> take away <b>"), "*": ("<a> times <b>",)}
_FRAMES = (f"{_ASK} <sum>?", f"{_ASK} <sum>?", "<sum>?", "<sum> =", "<sum> = ?", "<sum>", "{What does|What would} <sum> {make|give|equal}?", "<sum> is what?", "{Please solve|My problem}: <sum>")


def apply(sign: str, a: int, b: int) -> int:
    return a + b if sign == "+" else a - b if sign == "-" else a * b


def operands(rng: Random, sign: str, limit: int) -> tuple[int, int]:
    if sign == "*":
        return rng.randint(0, 10), rng.randint(0, 10)
    a, b = rng.randint(0, limit), rng.randint(0, limit)
    # Results below zero are asked for now and then, as people do.
    return (max(a, b), min(a, b)) if sign == "-" and rng.random() < 0.9 else (a, b)


def digit_sum(rng: Random) -> Turn:
    sign = rng.choice("++--*")
    a, b = operands(rng, sign, rng.choice((10, 20)))
    problem = pick(rng, _DIGIT_FORMS[sign], a=a, b=b)
    return Turn(capital(pick(rng, _FRAMES, sum=problem)), f"{a} {sign} {b} = {apply(sign, a, b)}.")


def word_sum(rng: Random) -> Turn:
    sign = rng.choice("++--*")
    a, b = operands(rng, sign, 10)
    problem = pick(rng, _WORD_FORMS[sign], a=word(a), b=word(b))
    answer = f"{capital(word(a))} {_SIGNS[sign][1]} {word(b)} is {word(apply(sign, a, b))}."
    return Turn(capital(pick(rng, _FRAMES, sum=problem)), answer)


_THINGS = ("apples", "balls", "books", "cats", "coins", "cookies", "cups", "eggs", "pens", "stones", "toys", "cakes", "birds", "flowers", "pears")


def some(count: int, things: str) -> str:
    return f"{count} {things[:-1] if count == 1 else things}"


def story_sum(rng: Random) -> Turn:
    a, b = rng.randint(1, 10), rng.randint(1, 10)
    things = rng.choice(_THINGS)
    if rng.random() < 0.5:
        question = pick(rng, (
            "I have <some> and {get|find|buy|take} <b> more. How many <t> do I have{| now}?",
            "I have <some>. {A friend|My mother|Someone} gives me <b> more. How many {are there|do I have}?",
        ), some=some(a, things), b=b, t=things)
        return Turn(question, f"{a} + {b} = {a + b}. You have {some(a + b, things)}.")
    a, b = max(a, b), min(a, b)
    question = pick(rng, (
        "I have <some> and {lose|give away|sell} <b>. How many <t> {are left|do I have|remain}?",
        "I had <some>. I {lost|gave away|sold} <b>. How many are left?",
    ), some=some(a, things), b=b, t=things)
    return Turn(question, f"{a} - {b} = {a - b}. You have {some(a - b, things)}.")


def hard_sum(rng: Random) -> Turn:
    a, b = rng.randint(21, 10 ** rng.randint(2, 5)), rng.randint(2, 10 ** rng.randint(2, 4))
    forms = ("<a> + <b>", "<a> * <b>", "<a> - <b>", "<a> / <b>", "<a> times <b>", "<a> divided by <b>", "the square root of <a>", "<b> percent of <a>", "<a> plus <b>")
    roll = rng.random()
    if roll < 0.2:
        a, b, forms = rng.randint(3, 99), rng.randint(3, 12), ("<a> / <b>", "<a> divided by <b>")
    elif roll < 0.3:
        a, b, forms = rng.randint(1, 20), rng.randint(1, 20), ("<a> + <b> + <c>", "<a>.<c> + <b>", "<a> * <b> + <c>", "<a> to the power of <c>")
    problem = pick(rng, forms, a=a, b=b, c=rng.randint(1, 9))
    return Turn(capital(pick(rng, _FRAMES[:6], sum=problem)), OUT_OF_RANGE)


def listed(numbers: range, as_words: bool) -> str:
    return capital(", ".join(word(n) if as_words else str(n) for n in numbers)) + "."


_COUNT = "{Count|Can you count|Please count|Could you count|I want you to count|Let's count|Count for me}"


def count_up(rng: Random) -> Turn:
    as_words = rng.random() < 0.5
    start = 1 if rng.random() < 0.6 else rng.randint(0, 10)
    stop = min(start + rng.randint(2, 14), 20)
    show = word if as_words else str
    templates = (f"{_COUNT} from <a> {{to|up to|until}} <b>.", f"{_COUNT} from <a> to <b>.", "Count <a> to <b>.", "{Numbers|The numbers|Give me the numbers|List the numbers|Say the numbers|Write the numbers} from <a> to <b>.")
    if start == 1:
        templates += (f"{_COUNT} {{to|up to}} <b>.", f"{_COUNT} {{to|up to}} <b>.", "How do you count to <b>?")
    return Turn(pick(rng, templates, a=show(start), b=show(stop)), listed(range(start, stop + 1), as_words))


def count_down(rng: Random) -> Turn:
    as_words = rng.random() < 0.5
    stop = 1 if rng.random() < 0.6 else rng.randint(0, 6)
    start = min(stop + rng.randint(2, 12), 20)
    show = word if as_words else str
    templates = ["{Count|Can you count|Please count|Count for me} {down|backwards|backward|down again} from <a> to <b>.", "Count down from <a> to <b>.", "Count from <a> {down to|back to} <b>."]
    if stop == 1:
        templates += ["Count {down|backwards|backward} from <a>.", "{Start|Give me|Do} a countdown from <a>.", "Countdown from <a>"]
    return Turn(pick(rng, templates, a=show(start), b=show(stop)), listed(range(start, stop - 1, -1), as_words))


def count_far(rng: Random) -> Turn:
    stop = rng.choice((rng.randint(21, 99), rng.randint(30, 5000), "one hundred", "a thousand", "a million", "fifty", "thirty"))
    return Turn(pick(rng, (f"{_COUNT} {{to|up to|from 1 to|from one to}} <b>.",), b=stop), TOO_FAR)


def count_twos(rng: Random) -> Turn:
    as_words = rng.random() < 0.4
    stop = rng.choice((6, 8, 10, 12, 14, 16, 18, 20))
    return Turn(pick(rng, ("{Count by twos|Count in twos|Count in steps of two|Say the even numbers|List the even numbers} {to|up to} <b>.",), b=word(stop) if as_words else stop), listed(range(2, stop + 1, 2), as_words))


def neighbour(rng: Random) -> Turn:
    n = rng.randint(1, 19)
    if rng.random() < 0.6:
        return Turn(pick(rng, ("{What|Which number} comes {after|next after|right after} <n>?", "What is {the number after|the next number after|one more than} <n>?"), n=n), f"After {n} comes {n + 1}.")
    return Turn(pick(rng, ("{What|Which number} comes {before|right before} <n>?", "What is {the number before|one less than} <n>?"), n=n), f"Before {n} comes {n - 1}.")


def compare(rng: Random) -> Turn:
    a, b = rng.sample(range(0, 21), 2)
    if rng.random() < 0.6:
        return Turn(pick(rng, ("{Which|What} {is|number is} {bigger|larger|greater|more}{,|:} <a> or <b>?", "Is <a> or <b> {bigger|larger|greater}?"), a=a, b=b), f"{max(a, b)} is bigger than {min(a, b)}.")
    return Turn(pick(rng, ("{Which|What} {is|number is} {smaller|less|lower}{,|:} <a> or <b>?", "Is <a> or <b> smaller?"), a=a, b=b), f"{min(a, b)} is smaller than {max(a, b)}.")


def parity(rng: Random) -> Turn:
    n = rng.randint(0, 20)
    if rng.random() < 0.5:
        return Turn(pick(rng, ("Is <n> {even or odd|odd or even}?", "Is <n> an {even|odd} number?"), n=n), f"{n} is {'odd' if n % 2 else 'even'}.")
    if rng.random() < 0.5:
        m = rng.randint(1, 10)
        return Turn(pick(rng, ("{What is|What's} {double|twice|two times} <m>?", "Double <m>."), m=m), f"2 * {m} = {2 * m}.")
    m = 2 * rng.randint(1, 10)
    return Turn(pick(rng, ("{What is|What's} half of <m>?", "{What is|What's} <m> {divided by 2|/ 2}?", "Halve <m>."), m=m), f"Half of {m} is {m // 2}.")


def plain_numbers(rng: Random) -> str:
    """Counting and sums without a chat, so that "Two plus three is" and "One, two, three," go on sensibly."""
    lines = []
    for _ in range(rng.randint(2, 5)):
        roll = rng.random()
        if roll < 0.35:
            as_words = rng.random() < 0.7
            lines.append(listed(range(1, rng.randint(6, 20) + 1), as_words))
        elif roll < 0.75:
            lines.append(word_sum(rng).assistant)
        else:
            lines.append(digit_sum(rng).assistant)
    return " ".join(lines)


TOPICS: tuple[tuple[float, Topic], ...] = (
    (7.0, digit_sum), (4.5, word_sum), (1.2, story_sum), (0.5, hard_sum), (3.2, count_up), (2.4, count_down),
    (1.0, count_twos), (0.2, count_far), (0.7, neighbour), (1.2, compare), (0.7, parity),
)
