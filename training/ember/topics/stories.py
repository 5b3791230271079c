"""Short stories for children: a hero, a plot, and many ways to say each sentence.

Slots: <H> hero, <he>/<him>/<his> pronouns, <k> what the hero is, <F> friend, <P> place, <O> thing, <a> adjective.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from .smalltalk import article
from .text import NAMES, Topic, Turn, capital, invented_name, pick, spin

_GIRLS = "Lily Mia Anna Emma Clara Rosa Zoe Nora Ida Sue Amy Bella Daisy Julia Laura Ella Lucy Sara Grace Ruby".split()
_BOYS = "Tom Tim Ben Max Sam Leo Jack Felix Noah Finn Oscar Paul Hugo Will Henry Bob Fred Ted Nick Otto".split()
_ANIMALS = "dog cat bird rabbit mouse fox bear owl frog turtle duck hedgehog squirrel lion elephant bee fish horse dragon penguin".split()
_PETS = "dog cat bird rabbit mouse duck turtle pony".split()
_PLACES = "the park;the forest;the garden;the beach;the lake;the farm;the river;the village;the hill;the meadow;the market;the playground".split(";")
_THINGS = "ball kite book hat toy boat drum lamp bell key shell doll cup box coat basket balloon stone".split()
_COLORS = "red blue green yellow orange pink white golden purple".split()
_FEELINGS = "little small happy kind brave curious young clever shy gentle".split()


class Cast(NamedTuple):
    hero: str
    kind: str
    he: str
    him: str
    his: str


def cast(rng: Random, kind: str | None = None, name: str | None = None) -> Cast:
    """The hero: a child or an animal, as asked for or as chance has it."""
    if kind is None:
        kind = rng.choice(("girl", "boy", rng.choice(_ANIMALS), rng.choice(_ANIMALS)))
    if name is None:
        name = rng.choice(_GIRLS if kind == "girl" else _BOYS if kind == "boy" else (*_GIRLS, *_BOYS))
    female = kind == "girl" or (kind != "boy" and name in _GIRLS)
    return Cast(name, kind, *(("she", "her", "her") if female else ("he", "him", "his")))


_OPENINGS = (
    "Once upon a time, there was <ak> named <H>. <He> lived {near|close to|next to} <P>.",
    "Once upon a time, there was <ak> named <H>. <H> {loved|liked} {to play|playing} {in the sun|with friends|outside|all day}.",
    "Once upon a time, <ak> named <H> lived {in a small house|near <P>|with {<his> mother|<his> family}}.",
    "Once upon a time, {in a small house|near <P>}, there lived <ak> named <H>.",
    "One day, <ak> named <H> {went to|walked to} <P>.",
    "There was once <ak> called <H>. <He> was very {kind|happy|curious|brave|friendly}.",
    "<H> was <ak>. {Every day|Every morning|In summer}, <he> {went to|played near|walked to} <P>.",
    "The <a> <k> was called <H>. <He> lived near <P>.",
)
_PLOTS: tuple[tuple[str, ...], ...] = (
    ("One {day|morning|sunny day}, <H> {found|saw} {a|a big|a small|a shiny} <c> <O> {in the grass|under a tree|near the water|on the path}.", "\"{Whose <O> is this?|Who lost this?}\" {asked|said} <H>. <He> {looked around, but nobody was there|asked everyone <he> met}.", "Then <he> {heard|saw} {a sad|a small|a crying} {voice|child|friend}. It was <F>. \"{That is my <O>!|I lost my <O>!}\" {said|cried} <F>.", "<H> gave the <O> back, and <F> was {very happy|so happy|happy again}.", "{From that day on|After that}, <H> and <F> were {good|best} friends."),
    ("One day, <H> {wanted|decided} to {climb|walk up} {a high|the big} {hill|mountain}. It was {hard|a long way} and <he> was {tired|afraid}.", "\"{I can do it|One more step|I will not give up},\" said <H>.", "<F> came and {held <his> hand|helped <him>|sang a song for <him>}. {Step by step|Slowly}, they went up together.", "{At the top|At last}, they {saw the whole world|could see the sea|looked at the sky}. \"{We did it!|How beautiful!}\" said <F>.", "<H> learned that {everything is easier with a friend|it is good to keep trying}."),
    ("One {night|evening}, it was {very dark|dark and cold}, and <H> was afraid. <He> could not sleep.", "<F> {came|sat down next to <him>} and said, \"{Do not be afraid|Look at the stars}. {The stars are with us|The moon is watching over you}.\"", "<H> looked up and {saw a thousand stars|saw the bright moon}. {They were so beautiful|It was like a big lamp}.", "{Soon|After a while}, <H> was not afraid {anymore|of the dark anymore}. <He> {closed <his> eyes and slept|fell asleep with a smile}."),
    ("It was {a rainy|a windy|a cold} day. <H> saw <F>, who was {wet and cold|sad and alone|shaking}. <F> had {no coat|no home|no place to stay}.", "\"{Come with me|Come into my house},\" said <H>. \"{It is warm there|We can share}.\"", "They {drank hot milk|ate warm soup|sat by the fire} and {told stories|laughed|sang songs} {all night|all evening}.", "{In the morning|The next day}, the sun was shining. \"{Thank you|You are so kind},\" said <F>. And <H> was happy, because <he> had {a new friend|helped someone}."),
    ("<H> had a {favorite|beautiful|new} <c> <O>. One day, the <O> was gone! <H> was very sad.", "<He> looked {under the bed|behind the door|in the kitchen}, but it was not there. <He> looked {in <P>|in the garden}, but it was not there.", "Then <F> said, \"{Let us look together|I will help you}.\" They {looked and looked|searched everywhere}.", "At last, they found the <O> {under a tree|in a big box|behind a stone}. {It was safe|Nothing was broken}!", "\"Thank you, <F>,\" said <H>. {They hugged|They smiled} and {went home|played together until the evening}."),
    ("<H> and <F> {wanted to|decided to} {build|make} {a house of leaves|a boat|a big sand castle|a tree house}. They worked {all day|all morning}.", "{But then|Suddenly}, the {wind|rain} came and {broke it|washed it away}. <F> {started to cry|was very sad}.", "\"{Do not cry|Do not be sad},\" said <H>. \"We can {build|make} it again, and {better|stronger} this time.\"", "So they {tried again|worked together}. {In the evening|At last}, it was {finished|done}, and it was {even more beautiful|better than before}.", "They were {tired, but very happy|proud and happy}."),
    ("One day, <H> {met|saw} {a big|an old|a strange} {giant|wolf|owl|dragon} in <P>. {Everyone|All the others} {ran away|was afraid}, but <H> {stayed|did not run}.", "\"{Why are you so sad?|Hello, who are you?}\" asked <H>.", "\"{Nobody wants to play with me|I am all alone},\" {it|the stranger} said{| softly}.", "\"{I will play with you|Then be my friend},\" said <H>. And they played {all day|until the sun went down}.", "{Soon|The next day}, <F> and the others came, too. Nobody was afraid anymore."),
    ("<H> {wanted|wished} to {fly|sing|swim|dance} like {the birds|the others|<F>}. But <he> {could not do it|did not know how}.", "\"{Can you teach me?|Please show me how},\" <he> asked <F>. \"{Of course|Yes|Gladly},\" said <F>.", "{Every day|Each morning}, they {practiced|tried} together. {At first|On the first day}, it did not work. <H> {fell down|made mistakes} many times.", "But <he> did not give up. {One day|At last}, <he> {could do it|did it}! Everyone {clapped|cheered}.", "\"{I knew you could do it|You did it},\" said <F>."),
    ("It was the birthday of <F>. <H> wanted to give <him> something, but <he> had no money.", "{So|Then} <he> {went to|walked to} <P> and {picked flowers|found a pretty stone|painted a picture}.", "\"{This is for you|Happy birthday},\" said <H>. <F> {smiled|was so happy}. \"{It is the best gift of all|I love it},\" <F> said.", "They {ate cake|danced|sang} {and laughed|together} until {the evening|it was dark}."),
    ("One day, <H> {walked|went} too far and {got lost|lost the way} in <P>. \"{Where is my home?|How do I get home?}\" <he> {cried|asked}.", "{A small bird|An old owl|A kind bee} heard <him>. \"{Follow me|I know the way},\" it said.", "They went {over the hill|along the river|through the trees} and {past the old mill|over the bridge}.", "At last, <H> saw <his> house. <F> was {waiting at the door|standing outside}. \"{I was so worried|You are back}!\" <F> said.", "<H> {was so happy to be home|hugged <F>}. {Never again did <he> go so far alone|That night, <he> slept well}."),
    ("<H> had {one|a big} {cake|apple|cookie|loaf of bread}. <He> was {hungry|very hungry} and wanted to eat it {all|alone}.", "Then <F> came. \"{I am so hungry|I have not eaten today},\" said <F>.", "<H> {thought for a moment|looked at <F>}. Then <he> {broke it in two|cut it into two parts} and {gave one half to <F>|shared it}.", "\"{Thank you|You are a good friend},\" said <F>. {Together, it tasted much better|Both were happy}.", "{The next day|Later}, <F> came back with {a basket of fruit|a big cake} and shared it with <H>."),
    ("One {winter|cold} day, <H> saw a {small|tiny} {light|ember} in {the snow|the ashes}. It was {almost out|very weak}.", "\"{Do not go out|Please stay},\" said <H>. <He> {blew softly|put dry leaves on it|kept the wind away}.", "The {ember|little light} {began to glow|grew bigger and bigger}. Soon there was a {warm|bright} fire.", "<F> {came|saw it and came}, and all the animals came, too. They sat {around the fire|together} and were warm.", "\"{Even a small ember can make a big fire|Small things can do great good},\" said <F>."),
)
_MIDDLES = (
    "{The sun was shining|It was a beautiful day} and {the birds were singing|the sky was blue}.", "<He> had a friend named <F>.", "<His> {best friend|friend} was called <F>.", "Everybody {liked|loved} <him>.",
    "<H> and <F> {did everything together|were always together}.", "<He> {liked|loved} {flowers|songs|apples|stories|the stars|the rain}.",
)
_ENDINGS = ("The end.", "And they lived happily ever after.", "It was a {good|wonderful|happy} day.", "{They were|Everyone was} happy.")


def story(rng: Random, who: Cast | None = None, tiny: bool = False) -> str:
    """One story, told of `who`; a tiny one is a beginning and an end."""
    who = who or cast(rng)
    friend = rng.choice([name for name in (*_GIRLS, *_BOYS) if name != who.hero])
    adjective = rng.choice(_FEELINGS)
    slots = {
        "ak": article(f"{adjective} {who.kind}"), "a": adjective, "k": who.kind, "H": who.hero, "F": friend, "P": rng.choice(_PLACES), "O": rng.choice(_THINGS),
        "c": rng.choice(_COLORS), "he": who.he, "him": who.him, "his": who.his, "He": capital(who.he), "His": capital(who.his),
    }
    parts = [rng.choice(_OPENINGS)]
    if rng.random() < 0.5:
        parts.append(rng.choice(_MIDDLES))
    if not tiny:
        parts += rng.choice(_PLOTS)
    if tiny or rng.random() < 0.5:
        parts.append(rng.choice(_ENDINGS))
    return " ".join(spin(rng, part, **slots) for part in parts)


_GOING = (
    "<A> and <B> {went|walked|ran} to <P>. {They wanted to play|It was a sunny day|They were happy}.",
    "One day, <A> and <B> {played|were} in <P>.",
    "One day, a big {bird|dog|bear} came to <P>. <A> and <B> {saw it|were surprised}.",
)


def outing(rng: Random) -> str:
    """A story that begins with two children."""
    girl, boy = rng.choice(_GIRLS), rng.choice(_BOYS)
    first, second = (girl, boy) if rng.random() < 0.6 else (boy, girl)
    who = cast(rng, "girl" if first == girl else "boy", first)
    slots = {"A": first, "B": second, "H": first, "F": second, "P": rng.choice(_PLACES), "O": rng.choice(_THINGS), "c": rng.choice(_COLORS), "he": who.he, "him": who.him, "his": who.his, "He": capital(who.he)}
    return " ".join(spin(rng, part, **slots) for part in (rng.choice(_GOING), *rng.choice(_PLOTS)))


def plain_story(rng: Random) -> str:
    """A story without a chat; some texts go on with a second one, to give long texts as well."""
    text = outing(rng) if rng.random() < 0.25 else story(rng)
    while rng.random() < 0.25:
        text += "\n\n" + (outing(rng) if rng.random() < 0.25 else story(rng))
    return text


_ASK = "{Tell me|Tell|Write|Write me|Can you tell me|I want|I want to hear|Make up|Give me|Do you know|Please tell me|Could you tell me|I would like|Read me}"
_A_STORY = "{a|a short|a little|a nice|a small|another|a good|a bedtime|a children's|a happy|a new} {story|tale|story for children}"


def tell_story(rng: Random) -> Turn:
    roll = rng.random()
    if roll < 0.4:
        request = pick(rng, (f"{_ASK} {_A_STORY}.", f"{_ASK} {_A_STORY}.", "{A story|Story time|A short story|Another story}, please!", "{Story|A story|story please}", "Once upon a time", "Tell me about {a brave hero|a good friend}.", "{Do you know|Can you tell} {any stories|stories}?"))
        return Turn(request, story(rng))
    kind = rng.choice(("girl", "boy", *_ANIMALS)) if roll < 0.8 else None
    if kind and rng.random() < 0.5:
        who = cast(rng, kind)
        wanted = article(pick(rng, ("<k>", "<k>", "{little|brave|big|small|happy|young|lonely|funny|old} <k>"), k=kind))
        return Turn(pick(rng, (f"{_ASK} {_A_STORY} about <k>.", f"{_ASK} {_A_STORY} with <k>.", "A story about <k>, please."), k=wanted), story(rng, who))
    name = rng.choice(NAMES) if rng.random() < 0.7 else invented_name(rng)
    if kind:
        who = cast(rng, kind, name)
        return Turn(pick(rng, (f"{_ASK} {_A_STORY} about <k> {{named|called}} <n>.",), k=article(kind), n=name), story(rng, who), literal=True)
    who = cast(rng, None, name)
    return Turn(pick(rng, (f"{_ASK} {_A_STORY} about <n>.", "A story about <n>, please."), n=name), story(rng, who), literal=True)


def tell_tiny_story(rng: Random) -> Turn:
    """Much practice, in few tokens, at telling of the hero that was asked for."""
    kind = rng.choice(("girl", "boy", *_ANIMALS))
    ask = "{Tell me|Write|Tell|Give me|Make up} a {tiny|very short|really short|two-line|very little} story about <k>"
    if rng.random() < 0.5:
        return Turn(pick(rng, (f"{ask}.",), k=article(kind)), story(rng, cast(rng, kind), tiny=True))
    who = cast(rng, kind, rng.choice(NAMES) if rng.random() < 0.6 else invented_name(rng))
    request = pick(rng, (f"{ask} {{named|called}} <n>.",), k=article(kind), n=who.hero)
    return Turn(request, story(rng, who, tiny=True), literal=True)


def poem(rng: Random) -> Turn:
    things = ("the sun", "the moon", "the sea", "a cat", "a star", "the rain", "a tree", "the fire")
    thing = rng.choice(things)
    lines = {
        "the sun": "The sun is up, the sky is blue,\nA happy day for me and you.", "the moon": "The moon is bright, the night is deep,\nIt shines on all who go to sleep.",
        "the sea": "The sea is wide, the waves are high,\nThey want to reach the big blue sky.", "a cat": "A little cat sat on the floor,\nAnd softly asked for milk, some more.",
        "a star": "A little star, so far away,\nIt shines at night and sleeps by day.", "the rain": "The rain is soft, the rain is sweet,\nIt washes clean the little street.",
        "a tree": "A tree is tall, a tree is green,\nThe finest thing I ever have seen.", "the fire": "A little ember, warm and bright,\nIt keeps you company all night.",
    }
    ask = "{Write|Tell me|Write me|Give me|Can you write|Make} {a|a short|a little} {poem|rhyme}"
    request = pick(rng, (f"{ask} about <t>.",), t=thing) if rng.random() < 0.6 else pick(rng, (f"{ask}.", "A poem, please!"))
    return Turn(request, lines[thing])


TOPICS: tuple[tuple[float, Topic], ...] = ((3.0, tell_story), (2.0, tell_tiny_story), (0.8, poem))
