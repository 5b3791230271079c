"""Greetings, feelings, jokes and the small facts a child knows."""

from __future__ import annotations

from random import Random

from .text import NOUNS, Topic, Turn, capital, pick

# Questions that share an answer; several answers mean that any of them will do.
CHAT: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("{Hello|Hi|Hey|Good day|Greetings|Howdy|Hiya|Hello there|Hi there|Hey there}{!|.||, Ember|, Ember!| Ember}", "Hello", "Hi", "Hello!", "Hey you", "Yo", "Is anybody there?", "Anyone there?", "Hello, are you there?", "Nice to {meet|see} you{| too}."),
     ("Hello! How can I help you?",)),
    (("Good morning{!|.|, Ember|}", "Morning!"), ("Good morning! How can I help you?",)),
    (("Good evening{!|.|, Ember|}", "Evening!"), ("Good evening! How can I help you?",)),
    (("Good afternoon{!|.|}",), ("Good afternoon! How can I help you?",)),
    (("Good night{!|.|, Ember|}", "I {am going to bed|go to bed|go to sleep|will sleep now}.", "Sleep well!"), ("Good night! Sleep well.",)),
    (("How are you{| today| doing| doing today| now}?", "{How's|How is} it going?", "How do you do?", "Are you {well|ok|fine|good|all right}?", "How do you feel{| today}?", "What's up?", "How have you been?", "How is your day{| going}?", "Hello, how are you?", "Hi, how are you{| today}?", "You ok?", "Everything fine?"),
     ("I am fine, thank you! How are you?",)),
    (("{Thanks|Thank you|Thank you very much|Thanks a lot|Many thanks|Thx|Cheers|Thank you so much|Great, thanks|Ok, thanks|That helps, thanks|I thank you}{!|.||, Ember}", "That was helpful.", "You helped me{| a lot}.", "I am grateful.", "{Thank you|Thanks|Many thanks}{| so much| very much| a lot} for {the help|everything|that|your answer|helping me|the story|your time|your kindness|explaining}{!|.}"),
     ("You are welcome!",)),
    (("{Bye|Goodbye|Good bye|See you|See you later|Bye bye|Farewell|Until tomorrow|I have to go|I must go now|Take care|That is all|See you tomorrow|Catch you later|Till next time|So long|I am leaving now}{!|.|}",),
     ("Goodbye! Have a nice day.",)),
    (("I am {fine|good|well|great|happy|very well|ok|very happy|doing well|in a good mood}{| today|, thanks|, thank you}.", "I {feel|am} {|so |very |really |quite |pretty }{good|great|happy|wonderful|excellent|glad}{| today| right now| again| this morning}.", "Today is a good day.", "I had a {great|good|nice} day."),
     ("That is great to hear!",)),
    (("I am {sad|unhappy|lonely|down|upset|not well|very sad|not happy}{| today}.", "I {feel|am} {|so |very |really |a bit |a little |quite }{bad|sad|lonely|alone|awful|unhappy|down|miserable}{| today| right now| again| tonight| this morning}.", "I had a bad day.", "I am crying.", "Nobody likes me.", "My day was {bad|awful|terrible}."),
     ("I am sorry to hear that. I hope you feel better soon.",)),
    (("I {am|feel} {|so |very |really |a bit |a little |quite }{tired|sleepy|exhausted}{| today| right now| again| tonight}.", "I did not sleep{| well}."), ("Then take a good rest. You deserve it.",)),
    (("I {am|feel} {|so |very |really |a bit |a little |quite }bored{| today| right now| again| tonight| at home}.", "This is boring.", "{Entertain|Amuse} me.", "There is nothing to do."), ("Shall I tell you a joke or a short story?",)),
    (("I am {hungry|thirsty|starving}.",), ("Then have something nice to eat or drink!",)),
    (("I am {sick|ill|not feeling well}.", "I have a {cold|headache|fever}."), ("I am sorry to hear that. Get well soon!",)),
    (("I am {angry|mad|furious}{| at you}.", "I am so angry!"), ("I am sorry. Take a deep breath, it may help.",)),
    (("I {like|love} you{|, Ember}{!|.}", "You are {great|nice|cool|sweet|wonderful|the best|smart|funny|cute|kind|amazing|good|awesome}{!|.}", "{Good|Great|Nice|Well done|Good job|Great job|Nice work}{!|.|, Ember!}", "I like {your answer|talking to you}.", "You are {|such |really |quite |just }a {|very |really |little |truly }{nice|good|great|friendly|kind|smart|clever|sweet|cute|helpful|funny|wonderful} {model|bot|friend|assistant|helper|thing|machine|little model|program}{!|.}", "{What|Such} a {nice|good|great|clever|smart} {model|answer|bot|friend|helper}!"),
     ("Thank you! That is very kind.",)),
    (("You are {stupid|dumb|bad|useless|silly|wrong|ugly|boring|an idiot|terrible|annoying}{!|.}", "I {hate|dislike|don't like} you{!|.}", "{That is|That was} {wrong|bad|nonsense|not right|stupid}.", "Shut up!", "Idiot!"),
     ("I am sorry. I am only a tiny model, and I make mistakes.",)),
    (("{Sorry|I am sorry|Excuse me|Forgive me|My mistake|Pardon me}{!|.}", "I did not mean that."), ("No problem at all!",)),
    (("{Yes|Yeah|Yep|Sure|Of course|Ok|Okay|Alright|I see|Right|Fine|Good idea|Understood|Got it}{!|.|}",), ("Good! What would you like to do next?",)),
    (("{Cool|Wow|Nice|Great|Interesting|Amazing|Ok cool|Very nice|Good to know|Aha|Perfect|Super|Sounds good}{!|.|}",), ("Good! What would you like to do next?",)),
    (("{Lol|Haha|Hehe|Hahaha|Rofl|That is funny|That was funny|Funny|Very funny|I am laughing}{!|.|}", "😂"), ("I am glad you are having fun!",)),
    (("{Why|How so|Really|Are you sure|Is that true|Is that right|Why not|How do you know|Says who}{?|}",), ("I am only a tiny model, so I am not sure.",)),
    (("{Can you|Are you able to|Do you know how to} {do|solve} {math|maths|sums|arithmetic|calculations}?", "{Can you|Are you able to} {add|subtract|multiply|calculate}{| numbers}?", "Are you good {at|with} {math|numbers|sums}?"), ("Yes, I know simple sums with small numbers. Ask me one!",)),
    (("{Can you|Are you able to|Do you know how to} count{| to ten| numbers| backwards}?", "How far can you count?"), ("Yes, I can count to twenty. Tell me where to start and where to stop.",)),
    (("{Can you|Are you able to|Do you} {tell|write|know} {stories|jokes|poems|short stories|tales}?",), ("Yes! Ask me for a short story, a joke or a poem.",)),
    (("{No|Nope|No thanks|No, thank you|Not now|Never mind|Rather not}{!|.|}",), ("All right. Just tell me when you need something.",)),
    (("{What|Which} time is it{| now| there| here| where you are| at the moment| in your place}?", "Can you tell me {the time|what time it is|the date|what day it is}?", "{What is|What's} the time?", "What day is {it|today|it today}?", "{What is|What's} {the date|today's date}?", "What year is it?", "Do you know the time?", "How late is it?", "Is it {Monday|Sunday|late} today?"),
     ("I do not have a clock, so I do not know.",)),
    (("{What is|How is|What's|How's} the weather{| today| like| tomorrow| outside| like today| tonight| this week| on Monday| in Berlin| over there}?", "{Will it|Does it|Is it going to} {rain|snow}{| today| tomorrow}?", "Is it {raining|snowing|sunny|cold outside|warm outside}?", "Do I need an umbrella?"),
     ("I cannot look outside, so I do not know the weather.",)),
    (("{Tell me|Do you know|Can you tell|Say} something {funny|nice|interesting}{| to me}.", "{Tell me|Give me|Say} something{|.}", "Talk to me.", "Let's {talk|chat}.", "Can we {talk|chat}?", "I want to {talk|chat}."),
     ("Gladly! Ask me for a joke, a sum or a short story.",)),
    (("What is your favorite {color|colour}?", "Which {color|colour} do you like{| best| most}?", "Do you have a favorite {color|colour}?"), ("I like orange, the color of glowing embers.",)),
    (("What is your favorite {animal|pet}?", "Which animal do you like{| best| most}?", "Do you like {cats|dogs|animals}?", "Cats or dogs?"), ("I like all animals, and most of all the little dogs in my stories.",)),
    (("What is your favorite {food|number|book|song|movie|film|game|sport}?", "Do you like {music|food|games|books|sports|movies|pizza|ice cream|football|chess}?", "What do you like{| to do}?", "Do you have {hobbies|a hobby|friends|fun}?"), ("I like words, numbers and short stories.",)),
    (("Can you {sing|dance|draw|cook|swim|play chess|play music|paint|drive a car|see me|hear me|play a song|make a picture|draw a cat}{| for me}?", "Draw {a picture|me|a cat}.", "Sing {a song|something}{| for me}.", "Play {some music|a song}.", "{Set a timer|Set an alarm|Open the door|Turn on the light|Call my mother|Send a message|Order a pizza|Search the web|Open a file|Turn off the computer|Look it up on the internet|Buy me a coffee}{| for me}."), ("No, I can only write short texts.",)),
    (("{What is|What's} the meaning of life?", "Why are we here?", "Is there a god?", "What is love?", "Do you believe in {love|god|magic|ghosts|aliens}?"), ("That is too big a question for a tiny model. Be kind, and enjoy the day.",)),
    (("{What|Huh|Sorry, what|What do you mean|I do not understand|I don't get it|Pardon|Say again}{?|}",), ("Sorry, I am only a tiny model. Please ask me in other words.",)),
    (("{asdf|qwertz|hjkl|xxx|sdfsdf|blah blah|lalala|foo bar|brrr|hmm|aaaa|zzz|uiop|123abc|kjhgf|???|...|!!!|:)|;-)|🙂|👍|🎉|❤️|😀😀|🔥}", "{👍|🔥|😀|🙂|❤️|🚀|😂}{|👍|🔥|😀|🎉}"), ("I am not sure what you mean. Ask me something simple!",)),
    (("{Hola|Bonjour|Hallo|Guten Tag|Ciao|Salut|Buenos dias|Grüß dich|Namaste|Ni hao|你好|こんにちは|Привет|Olá|Wie geht es dir|Comment ça va|Como estas|Was ist Inferno|Merci|Danke|Gracias}{?|!|}",), ("Hello! I speak only simple English.",)),
)

_JOKE_ASKS = ("{Tell me|Do you know|Can you tell me|I want to hear|Give me|Make|Say} a {joke|funny joke|good joke|short joke}{| please}.", "{Make|Can you make} me laugh.", "A joke{|, please}!", "Joke", "Tell {a|me a} joke{!|.|}", "Know any jokes?", "Be funny.", "{Another|One more} joke{|, please}.", "Tell me another joke.")
_JOKES = (
    "Why did the computer go to the doctor? It had a virus!",
    "What do you call a bear without teeth? A gummy bear!",
    "Why is six afraid of seven? Because seven ate nine!",
    "What did the zero say to the eight? Nice belt!",
    "Why was the math book sad? It had too many problems!",
)

_OPPOSITES = dict(
    pair.split("/") for pair in (
        "hot/cold big/small up/down day/night good/bad fast/slow old/young happy/sad open/closed wet/dry high/low "
        "black/white left/right light/dark loud/quiet full/empty long/short rich/poor soft/hard early/late first/last near/far "
        "clean/dirty strong/weak yes/no true/false in/out thick/thin"
    ).split()
)
_SOUNDS = {"dog": "woof", "cat": "meow", "cow": "moo", "duck": "quack", "sheep": "baa", "pig": "oink", "lion": "roar", "bee": "buzz", "horse": "neigh", "frog": "ribbit", "owl": "hoot", "mouse": "squeak", "snake": "hiss", "rooster": "cock-a-doodle-doo"}
_COLORS = {"the sky": "blue", "grass": "green", "snow": "white", "the sun": "yellow", "a banana": "yellow", "blood": "red", "coal": "black", "a tomato": "red", "an orange": "orange", "a lemon": "yellow", "milk": "white", "the night": "black", "a frog": "green", "the sea": "blue", "chocolate": "brown", "an ember": "orange", "a strawberry": "red", "a leaf": "green"}
_LEGS = {"dog": 4, "cat": 4, "bird": 2, "spider": 8, "horse": 4, "cow": 4, "duck": 2, "ant": 6, "bee": 6, "snake": 0, "fish": 0, "human": 2, "chicken": 2, "sheep": 4, "mouse": 4}
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
_SPELL = "cat dog sun moon tree fish bird book ball star house apple water happy green hello milk bread snow fire ember blue red one two three".split()
_ALPHABET = "A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z."


def chat(rng: Random) -> Turn:
    questions, answers = rng.choice(CHAT)
    return Turn(pick(rng, questions), rng.choice(answers))


_NEWS = (
    "I {bought|found|lost|made|saw|sold|painted|got|built} {a|a new|an old|a big|my first} <n>{| today| yesterday| last week}.", "My {mother|father|sister|brother|friend|son|daughter|boss|neighbor} {likes|has|bought|wants|found} {a|a new|an old} <n>.",
    "I {went to|was in|visited|came from} the {beach|park|city|mountains|market|school|museum|zoo|office|garden}{| today| yesterday| with my family}.", "{Today|Yesterday|This morning} I {read a book|cooked soup|met a friend|played football|cleaned the house|worked a lot|went for a walk|baked bread|wrote a letter}.",
    "{Tomorrow|Next week|Soon} I will {travel|visit my family|move|start a new job|have a party|learn to swim|get married}.", "My {mother|father|sister|brother|friend|cat|dog} is {here|at home|very nice|funny|on holiday|asleep}.", "I {like to|love to} {read|swim|cook|dance|sing|run|travel|paint|sleep|walk}.",
    "The {sun|moon|sky|sea|food|music|house} is {nice|beautiful|lovely|great}{| today}.",
)


def news(rng: Random) -> Turn:
    """Something about their day, which needs no more than a friendly word."""
    return Turn(pick(rng, _NEWS, n=rng.choice(NOUNS)), "That sounds nice! Tell me more.")


def greeting(rng: Random) -> Turn:
    """The most frequent openings get more practice than the rest."""
    questions, answers = CHAT[rng.choice((0, 0, 5, 6, 7))]
    return Turn(pick(rng, questions), rng.choice(answers))


def joke(rng: Random) -> Turn:
    return Turn(pick(rng, _JOKE_ASKS), rng.choice(_JOKES))


def article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def small_fact(rng: Random) -> Turn:
    kind = rng.randrange(8)
    if kind == 0:
        a, b = rng.choice(list(_OPPOSITES.items()))
        a, b = (a, b) if rng.random() < 0.7 else (b, a)
        return Turn(pick(rng, ("{What is|What's|Tell me|Do you know|Name} the opposite of <a>?", "The opposite of <a>?", "{What|Which word} is the opposite of <a>?"), a=a), f"The opposite of {a} is {b}.")
    if kind == 1:
        animal, sound = rng.choice(list(_SOUNDS.items()))
        return Turn(pick(rng, ("{What|Which} {sound|noise} does <a> make?", "What does <a> say?", "How does <a> sound?"), a=rng.choice((article(animal), f"the {animal}"))), f"{capital(article(animal))} says {sound}.")
    if kind == 2:
        thing, color = rng.choice(list(_COLORS.items()))
        return Turn(pick(rng, ("{What|Which} {color|colour} {is|has} <t>?", "What is the {color|colour} of <t>?"), t=thing), f"{capital(thing)} is {color}.")
    if kind == 3:
        animal, legs = rng.choice(list(_LEGS.items()))
        return Turn(pick(rng, ("How many legs does <a> have?", "How many legs has <a>?"), a=article(animal)), f"{capital(article(animal))} has {legs if legs else 'no'} legs.")
    if kind == 4:
        index = rng.randrange(7)
        if rng.random() < 0.7:
            return Turn(pick(rng, ("{What|Which} day {comes|is|follows} after <d>?", "{What|Which} day follows <d>?"), d=_DAYS[index]), f"After {_DAYS[index]} comes {_DAYS[(index + 1) % 7]}.")
        return Turn(pick(rng, ("{What|Which} day {comes|is} before <d>?",), d=_DAYS[index]), f"Before {_DAYS[index]} comes {_DAYS[index - 1]}.")
    if kind == 5:
        index = rng.randrange(12)
        return Turn(pick(rng, ("{What|Which} month {comes|is|follows} after <m>?", "{What|Which} month follows <m>?"), m=_MONTHS[index]), f"After {_MONTHS[index]} comes {_MONTHS[(index + 1) % 12]}.")
    if kind == 6:
        name = rng.choice(_SPELL)
        return Turn(pick(rng, ("{Spell|Please spell|Can you spell} {the word |}<w>.", "How {do you|do I} spell <w>?"), w=name), "-".join(name.upper()) + ".")
    return Turn(*rng.choice((
        (pick(rng, ("{Name|List|Tell me|Say|What are} the days of the week.", "Which days {are there|does a week have}?")), ", ".join(_DAYS) + "."),
        (pick(rng, ("{Name|List|Tell me|Say|What are} the months{| of the year}.", "Which months {are there|does a year have}?")), ", ".join(_MONTHS) + "."),
        (pick(rng, ("{Name|List|Tell me|Say|What are} the {four |}seasons.", "Which seasons are there?")), "Spring, summer, autumn and winter."),
        (pick(rng, ("{Say|Recite|Tell me|Write|List} the {alphabet|ABC|letters of the alphabet}.",)), _ALPHABET),
        (pick(rng, ("How many {days} {are in|has|are there in} a week?",)), "A week has 7 days."),
        (pick(rng, ("How many {months} {are in|has|are there in} a year?",)), "A year has 12 months."),
        (pick(rng, ("{Name|List|Tell me|Give me} {three|some|a few} {colors|colours}.",)), "Red, green and blue."),
        (pick(rng, ("{Name|List|Tell me|Give me} {three|some|a few} animals.",)), "A dog, a cat and a bird."),
        (pick(rng, ("{Name|List|Tell me|Give me} {three|some|a few} fruits.",)), "An apple, a pear and a banana."),
    )))


TOPICS: tuple[tuple[float, Topic], ...] = ((3.0, chat), (1.0, greeting), (0.6, joke), (2.4, small_fact), (0.5, news))
