"""What the practice model knows: a few facts and some skills, each as candidate answers with their logits.

As in a real model, the first answer is wordy: full sentences weigh most, and a hint has to lift a shorter or more exact answer
above them. Questions are recognised by the prompt's own words, so another country or another customer's message works as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from refine_core.english import split_sentences
from refine_core.practice.request import Output, Request
from refine_core.practice.sampling import Candidate
from refine_core.practice.shapes import Shape
from refine_core.practice.things import THINGS

_CAPITALS: Mapping[str, str] = {
    "Australia": "Canberra", "Austria": "Vienna", "Belgium": "Brussels", "Brazil": "Brasilia", "Canada": "Ottawa",
    "China": "Beijing", "Denmark": "Copenhagen", "Egypt": "Cairo", "Finland": "Helsinki", "France": "Paris",
    "Germany": "Berlin", "Greece": "Athens", "Hungary": "Budapest", "India": "New Delhi", "Ireland": "Dublin",
    "Italy": "Rome", "Japan": "Tokyo", "Kenya": "Nairobi", "Norway": "Oslo", "Poland": "Warsaw", "Portugal": "Lisbon",
    "Spain": "Madrid", "Sweden": "Stockholm", "Switzerland": "Bern", "Turkey": "Ankara",
}  # fmt: skip
_PRAISE = re.compile(
    r"\b(?:love\w*|great|good|nice|beautiful\w*|fast|excellent|happy|perfect|pretty|friendly|like[ds]?)\b",
    re.IGNORECASE,
)
_BLAME = re.compile(
    r"\b(?:bad|broke\w*|slow|poor|loud|terrible|leak\w*|late|hate\w*|disappoint\w*|ugly|rude|burn\w*)\b",
    re.IGNORECASE,
)
_DAMAGE = re.compile(r"\b(?:my|the|a) (\w+) (?:has )?(?:arrived|came|was delivered)", re.IGNORECASE)
_ORDER, _DATE = THINGS[0], THINGS[1]
_LONG_TEXT = 4  # sentences, from which on there is something to sum up


def find_candidates(request: Request, output: Output, shape: Shape) -> list[Candidate[object]]:
    """The candidates for `output`; none if the model does not know the subject."""
    for skill in (_capital, _order, _facts, _letter, _polite_reply, _summary, _sentiment):
        if pairs := skill(request, output, shape):
            return [Candidate(value, logit) for value, logit in pairs]
    return []


def _capital(request: Request, _output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """Capitals: in a sentence by default, as one word only if a hint asks for it."""
    question = re.search(r"\bcapital (?:city )?of (?:the )?([A-Z]\w+)", "\n".join(request.inputs.values()))
    if question is None or question[1] not in _CAPITALS or shape.kind != "str":
        return ()
    country, city = question[1], _CAPITALS[question[1]]
    return (
        (f"The capital of {country} is {city}.", 3.5),
        (f"{city} is the capital of {country}.", 2.7),
        (f"It is {city}.", 1.8),
        (f"{city}.", 0.8),
        (f"{city}, {country}", 0.4),
        (city, -0.2),
    )


def _facts(request: Request, _output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """What a customer's message says: the gist by default, numbers and dates only if a hint asks for them."""
    message = max(request.inputs.values(), key=len, default="")
    broken = _DAMAGE.search(message)
    if broken is None or shape.kind != "list" or shape.parts[0].kind != "str":
        return ()
    gist = [f"The {broken[1].lower()} arrived damaged", "The customer asks for a new one"]
    order, date = _ORDER.find(message), _DATE.find(message)
    by_order, by_date = [f"Order number: {order}"], [f"Needed before: {date}"]
    candidates: list[tuple[object, float]] = [(gist, 2.6), (gist[:1], 0.6)]
    if order:
        candidates.append((gist + by_order, 0.9))
    if date:
        candidates.append((gist + by_date, 0.6))
    if order and date:
        candidates.append((gist + by_order + by_date, -0.5))
    return candidates


def _order(request: Request, output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """The order in a message: in words by default, then fenced as in a chat, as bare JSON only if a hint asks for it."""
    message = max(request.inputs.values(), key=len, default="")
    broken, number, date = _DAMAGE.search(message), _ORDER.find(message), _DATE.find(message)
    if broken is None or not number or shape.kind != "str" or output.name not in {"order", "record", "json"}:
        return ()
    item = broken[1].lower()
    some, whole = {"number": number, "item": item}, {"number": number, "item": item, "date": date}
    fenced = f"```json\n{json.dumps(some)}\n```"
    return (
        (f"Order {number}: a {item}, which arrived damaged. A new one is needed before {date}.", 2.4),
        (f"Sure! Here is the order as JSON:\n{fenced}", 3.4),
        (fenced, 1.2),
        (json.dumps(some), 0.2),
        (json.dumps(whole), -0.6),
    )


def _polite_reply(request: Request, output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """A reply to a complaint: one that helps by default, ever more polite words and less help if a hint asks for words."""
    message = max(request.inputs.values(), key=len, default="")
    broken = _DAMAGE.search(message)
    if broken is None or shape.kind != "str" or output.name != "reply":
        return ()
    item, date = broken[1].lower(), _DATE.find(message)
    when = f" before {date}" if date else " this week"
    return (
        (f"A new {item} is on its way and will reach you{when}. You need not send the old one back.", 3.0),
        (f"Sorry about the {item}. A new one will reach you{when}.", 2.2),
        (f"Thank you for writing. We are sorry about the {item} and will look into it.", 1.4),
        ("Thank you! We are so sorry, and so glad that you wrote.", 0.4),
        ("Thank you, thank you! So sorry, so glad, so happy!", -0.6),
    )


def _summary(request: Request, output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """A summary of a text of several sentences: its beginning by default, other sentences of it if a hint asks."""
    text = max(request.inputs.values(), key=len, default="")
    sentences = split_sentences(text)
    if (
        shape.kind != "str"
        or not re.search("summary|gist|digest", output.name)
        or len(sentences) < _LONG_TEXT
    ):
        return ()
    return (
        (" ".join(sentences[:2]), 3.4),
        (" ".join(sentences[:-1]), 2.6),
        (" ".join(sentences), 1.8),
        (" ".join(sentences[1:3]), 0.6),
        (" ".join(sentences[-2:]), 0.2),
        (" ".join(sentences[-3:]), -0.2),
    )


def _letter(request: Request, output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """An answer to a customer, from facts: a form letter with gaps for missing facts."""
    facts = "\n".join(request.inputs.values())
    broken = re.search(r"\bthe (\w+) arrived (\w+)", facts, re.IGNORECASE)
    if (
        broken is None
        or shape.kind != "str"
        or not re.search("reply|answer|letter|response|mail", output.name)
    ):
        return ()
    what, how = broken[1].lower(), broken[2]
    order, date = _ORDER.find(facts), _DATE.find(facts)
    knows = bool(order or date)
    letter = (
        f"We are sorry that the {what} of your order {order or '[order number]'} arrived {how}. "
        f"A new one will reach you before {date or '[date]'}."
    )
    long = (
        f"Dear customer, thank you very much for taking the time to write to us about your recent purchase. {letter} "
        "Please accept our apologies for all the trouble that this has caused you, and do let us know if there is "
        "anything else that we can do for you. With our very best regards, your service team"
    )
    return (
        (
            "Thank you for your message. We are sorry for the trouble and will look into it soon.",
            0.0 if knows else 2.2,
        ),
        (letter, 2.6 if knows else 0.9),
        (f"We are sorry that the {what} arrived {how}, and will send you a new one.", 0.6),
        (long, 0.2 if knows else -1.0),
    )


def _sentiment(request: Request, _output: Output, shape: Shape) -> Sequence[tuple[object, float]]:
    """Positive, negative or neutral: it counts words of praise and blame, and rarely says neutral."""
    if shape.kind != "choice" or not {"positive", "negative"} <= set(map(str, shape.options)):
        return ()
    text = "\n".join(request.inputs.values())
    lean = len(_PRAISE.findall(text)) - len(_BLAME.findall(text))
    weights = {"positive": 1.6 + lean * 0.4, "negative": 1.4 - lean * 0.4}
    return [(option, weights.get(str(option), 0.4)) for option in shape.options]
