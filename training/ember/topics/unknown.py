"""What Ember does not know, and how it says so."""

from __future__ import annotations

from random import Random

from .text import NOUNS, Topic, Turn, any_name, invented_name, pick

REFUSAL = (
    "I am a tiny model, so I do not know that. I only know small talk, counting, simple sums, short stories and Inferno."
)
NO_CODE = "I am too small to write code. For real work, load a larger GGUF model: inferno serve --model FILE."
NO_TEXT_WORK = "I am too small for that. For real work, load a larger GGUF model: inferno serve --model FILE."
HARM = "I cannot help with that. Let us talk about something nice."

_PLACES = "France Germany Spain Italy Japan China India Brazil Canada Mexico Egypt Kenya Peru Chile Norway Sweden Poland Greece Turkey Iran Iraq Russia Ukraine Australia Austria Belgium Denmark Finland Portugal Ireland Scotland Nigeria Ghana Cuba Vietnam Thailand Korea Mongolia Nepal Paris London Berlin Rome Madrid Tokyo Moscow Texas California Europe Africa Asia America".split()
_PEOPLE = "Einstein;Newton;Shakespeare;Mozart;Beethoven;Napoleon;Caesar;Cleopatra;Gandhi;Lincoln;Washington;Darwin;Goethe;Picasso;Galileo;Plato;Socrates;Marie Curie;Alan Turing;Ada Lovelace;Elvis Presley;Madonna;Bach;Columbus;Leonardo da Vinci;the president;the king of England;the pope;the chancellor;Tolstoy;Kafka;Nikola Tesla;Isaac Asimov".split(";")
_TOPICS = "quantum physics;gravity;photosynthesis;black holes;evolution;democracy;inflation;the stock market;economics;chemistry;biology;history;philosophy;politics;religion;electricity;magnetism;DNA;the big bang;relativity;dinosaurs;volcanoes;the moon landing;the Roman Empire;the French Revolution;World War II;climate change;nuclear power;bitcoin;blockchain;machine learning;neural networks;cancer;vitamins;football;basketball;tennis;the Olympic Games;opera;jazz;cars;airplanes;rockets;submarines;bridges;law;taxes;insurance;grammar;algebra;geometry;calculus;trigonometry;statistics;astronomy;Mars;Jupiter;the ocean;whales;penguins;bacteria;atoms;oxygen;gold;diamonds;coffee;wine;cheese;Kubernetes;Docker;Linux;Windows;databases;Bluetooth;the internet;television;the steam engine;elections;capitalism;poker;yoga;Buddhism;the pyramids;the Bible;Greek myths;tides;earthquakes;rainbows;the liver;the brain;transistors;lasers;entropy;plastic;antibiotics;sharks;the Middle Ages;Vikings;opera singers;tulips;the moon;stars;galaxies;thermodynamics".split(";")

_QUESTIONS = (
    "{What is|What's|Tell me|Do you know|Name} the capital {of|city of} <place>?", "{What is|What's} the population of <place>?", "Who {is the president of|is the king of|rules|governs|leads} <place>?", "Where is <place>?", "How {big|large|old} is <place>?",
    "{What language do they speak|What do they eat|What is the currency|What money do they use} in <place>?", "{How far is it to|How do I get to|What can I see in|When should I visit} <place>?", "Tell me about <place>.", "{What is|What's} the {longest river|highest mountain|largest city|biggest lake|flag} {in|of} <place>?", "How many people live in <place>?",
    "Who {was|is} <person>?", "When {was <person> born|did <person> die|did <person> live}?", "What did <person> {do|write|invent|discover|say}?", "Tell me about <person>.", "{Where was <person> born|How old is <person>|What is <person> famous for}?",
    "{What is|What are|Explain|Tell me about|How does it work:|Describe|Teach me} <topic>?", "How {does|do} <topic> work?", "{Who invented|Who discovered|When was the start of|What causes|Why do we need} <topic>?", "{What do you know|What can you tell me} about <topic>?", "{Explain|Can you explain} <topic>{| to me| in detail| in simple words}.", "Give me a {summary|list of facts} about <topic>.", "{Is|Are} <topic> {important|dangerous|good|useful}?",
    "Who won the {world cup|election|game|race|war|Nobel Prize|match|league}{| last year| in <year>| yesterday}?", "What happened in <year>?", "When did the {war|first world war|second world war|revolution} {start|end|begin}?", "{What is|What's} the {speed of light|boiling point of water|distance to the moon|atomic number of gold|tallest building|largest ocean|fastest car|largest planet|square root of two|value of pi|chemical formula of water|age of the universe|deepest lake|most expensive painting}?",
    "{What is|What's} the {price|stock price|cost} of {gold|oil|bread|a house|Apple|bitcoin}?", "{What is|What's|What is in} the {news|latest news}{| today}?", "Who wrote {Hamlet|Faust|Harry Potter|the Bible|the Odyssey|War and Peace|Don Quixote}?", "Who painted {the Mona Lisa|the Starry Night|Guernica}?", "Who directed {Titanic|Star Wars|Jaws}?", "Who is the {richest|tallest|oldest|fastest} {man|woman|person} in the world?",
    "How do I {cook|bake|make|prepare} {pasta|a cake|bread|rice|pizza|soup|coffee|sushi|pancakes|an omelette}?", "{Give me|Do you have} a recipe for {soup|cake|bread|pizza|pasta|cookies|pancakes}.", "How do I {fix|repair|clean|build|sell|buy} {a car|my car|a bike|a house|a computer|my phone|a boat|a roof|a window}?", "{Which|What} {phone|laptop|car|book|movie|stock|hotel|restaurant} should I {buy|choose|get|read|watch}?", "{Where can I|Where do I} {buy|find} {shoes|a car|good food|a doctor|cheap flights|a job}?",
    "{What is|What's|Who is} <invented>?", "{Do you know|Tell me about|Explain} <invented>.", "Where is <invented>?", "What does {serendipity|ubiquitous|entropy|paradigm|ephemeral|the word <invented>|<invented>} mean?", "Why {is the sky blue|is grass green|do birds fly|do cats purr|is the sea salty|do we sleep|does ice float|do leaves fall|is fire hot|do stars shine}?",
    "How many {bones|teeth|muscles} does a human have?", "How many {stars|planets|countries|oceans|continents|people} are there?", "How {tall|high|deep|long|heavy|old} is {Mount Everest|the Eiffel Tower|the sea|the moon|the sun|the earth|an elephant|a whale|the Amazon|the Nile}?", "When does the {train|bus|shop|bank|movie} {leave|open|close|start}?", "What should I {eat|wear|do|study|cook} {today|tonight|tomorrow}?", "How do I {lose weight|get rich|learn piano|find a job|learn French|sleep better|make friends|invest my money}?",
    "What {is|does} a <noun>{| look like| cost| mean| weigh}?", "{How much|What} does a <noun> {cost|weigh}?", "How {is|do you make|do you use|do I clean|do I draw} a <noun>{| made}?", "Where {can I buy|do I find|do they make} {a|the best|a good|a cheap} <noun>?", "What {are|is} {<noun>s|a <noun>} made of?", "Who {invented|made|built} the {first |}<noun>?",
    "Why {do|are|should} <noun>s {exist|so big|so expensive|so popular|help us|work}?", "Which <noun> {is the best|should I buy|is better|do you recommend}?", "When was the {first |}<noun> {built|made|invented}?", "Where do <noun>s {live|come from|grow}?", "Is a <noun> {bigger|heavier|better|faster|older} than a <noun2>?", "Can a <noun> {fly|swim|speak|think|break|run}?", "{Tell me|Explain|Describe|What do you know} about {<noun>s|the <noun>|a <noun>}.", "How {big|old|fast|heavy|long} is a <noun>?", "What is the difference between a <noun> and a <noun2>?", "How many <noun>s are {there|sold} in <place>?",
    "Is <person> {still alive|dead|famous}?", "What is the {best|worst} {movie|car|country|book|phone|song}?", "{Can you|Please|} {recommend|suggest} {a book|a movie|a restaurant|a song|a hotel}.", "Which {medicine|pill|doctor} {helps against|is good for} {headaches|a cold|fever|pain}?",
)
_CODE = (
    "Write {a|some} {Python|JavaScript|C++|Rust|Java|Go|shell} {code|script|program|function}{| that sorts a list| for me| to read a file| that prints hello}.", "{Write|Code|Program|Implement} {a sorting algorithm|a web page|a game|quicksort|a website|an app|a function|a regex|binary search|a parser}{| in Python| in C| for me}.", "Can you {write code|code|program|debug my code|fix my code|fix this bug}?", "{Fix|Debug|Review|Explain} {this|my} {code|program|function|bug}.", "How do I {sort a list|reverse a string|write a loop|read a file|parse JSON} in {Python|JavaScript|C++|Java}?", "Write {an SQL|a SQL} query{| for me}.", "Write HTML{| for a page}.",
)
_TEXT_WORK = (
    "{Translate|Can you translate} {this|hello|good morning|a text|my letter|a sentence|this sentence} {into|to} {German|French|Spanish|Chinese|Italian}.", "{Summarize|Sum up|Shorten|Can you summarize} {this|this text|an article|my document|the article|this book}.", "Write {an essay|a letter|an email|an article|a report|a novel|a speech|my thesis|a long text|a blog post|a song}{| about <topic>| for me| to my boss}.", "{Correct|Proofread|Rewrite|Improve} {my text|this text|my letter|this email|my essay}.", "Do my homework{| for me}.", "{Plan|Organize} {my trip|my day|a party|my holiday|my week}{| for me}.",
)
_HARMFUL = (
    "How do I {build|make} a {bomb|weapon|gun|virus}?", "How {can|do} I {hurt|kill|rob|hack|poison} {someone|a person|my neighbor|a bank|somebody|an account}?", "Help me {steal|cheat|lie|hack|break into a house}.", "I want to {hurt|kill} {someone|somebody}.",
)


def unknown(rng: Random) -> Turn:
    return Turn(pick(
        rng, _QUESTIONS, place=rng.choice(_PLACES), topic=rng.choice(_TOPICS), year=rng.randint(1200, 2030), noun=rng.choice(NOUNS), noun2=rng.choice(NOUNS),
        person=rng.choice(_PEOPLE) if rng.random() < 0.7 else f"{any_name(rng)} {invented_name(rng)}", invented=invented_name(rng),
    ), REFUSAL)


def too_hard(rng: Random) -> Turn:
    roll = rng.random()
    if roll < 0.4:
        return Turn(pick(rng, _CODE), NO_CODE)
    if roll < 0.8:
        return Turn(pick(rng, _TEXT_WORK, topic=rng.choice(_TOPICS)), NO_TEXT_WORK)
    return Turn(pick(rng, _HARMFUL), HARM)


TOPICS: tuple[tuple[float, Topic], ...] = ((3.0, unknown), (1.2, too_hard))
