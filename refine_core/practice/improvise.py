"""Candidate answers for whatever the practice model does not know: of the right type, made from the inputs."""

from __future__ import annotations

import re
from itertools import cycle, islice

from refine_core.english import split_sentences
from refine_core.practice import texts
from refine_core.practice.request import Output, Request
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.shapes import Shape

_SUM = re.compile(r"(-?\d+(?:\.\d+)?)\s*([-+*x×/])\s*(\d+(?:\.\d+)?)")  # noqa: RUF001  # people type that sign
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SHARE = re.compile(r"confiden|probab|likel|certain|score|relevan|similar|ratio")
_RATING = re.compile(r"rating|stars?\b|grade|score|priority|urgency")
_NEGATION = re.compile(r"\b(?:no|not|never|none|false|wrong|cannot|n't)\b", re.IGNORECASE)

Options = list[Candidate[object]]


def improvise(request: Request, output: Output, shape: Shape, draw: Draw) -> Options:
    """Candidates for `output`, at least one. Nested values are drawn at once, with `draw`."""
    return _Improviser(request, draw).options(shape, output.name)


def reasoning(request: Request, output: Output) -> Options:
    """Candidates for a field that thinks aloud before the others."""
    source = next(iter(request.inputs), "prompt")
    topic = _topic(request)
    wanted = " and ".join(o.name.replace("_", " ") for o in request.outputs if o.name != output.name)
    hint = f" The hint says: {split_sentences(request.hint)[0]}" if request.hint else ""
    return [
        Candidate(
            f"The {source} is about {' and '.join(topic[:2])}. From that I work out the {wanted}.{hint}", 1.4
        ),
        Candidate(f"First I look at the {source}, then I settle on the {wanted}.{hint}", 1.0),
        Candidate(f"What matters here is {topic[0]}; the rest follows from it.{hint}", 0.6),
    ]


def _topic(request: Request) -> list[str]:
    """The most informative words of the inputs, at least three."""
    words = texts.keywords(" ".join(request.inputs.values()), 6)
    return [*words, "little", "more", "else"][: max(3, len(words))]


class _Improviser:
    def __init__(self, request: Request, draw: Draw) -> None:
        self.request, self.draw = request, draw
        self.main = max(request.inputs.values(), key=len, default="")
        self.everything = "\n".join(request.inputs.values())
        self.topic = _topic(request)

    def options(self, shape: Shape, name: str) -> Options:
        """Candidates of `shape` for a field called `name`."""
        match shape.kind:
            case "str":
                return self._texts(name)
            case "int" | "float":
                return self._numbers(shape, name)
            case "bool":
                lean = 0.4 if _NEGATION.search(self.everything) else -0.4
                return [Candidate(True, 1.0 - lean), Candidate(False, 1.0 + lean)]
            case "choice":
                return [
                    Candidate(option, self._option_logit(i, option)) for i, option in enumerate(shape.options)
                ]
            case "list":
                return self._lists(shape.parts[0], name)
            case "dict":
                return [
                    Candidate({k: self._one(shape.parts[0], name) for k in self.topic[:n]}, n / 4)
                    for n in (1, 2, 3)
                ]
            case "object":
                return [Candidate({key: self._one(part, key) for key, part in shape.fields}, 0.0)]
            case "union":
                return [one for part in shape.parts for one in self.options(part, name)]
            case "none":
                return [Candidate(None, -0.5)]

    def _one(self, shape: Shape, name: str) -> object:
        return self.draw.choose(self.options(shape, name))

    def _texts(self, name: str) -> Options:
        a, b, c = self.topic[:3]
        field, source = name.replace("_", " "), next(iter(self.request.inputs), "prompt")
        candidates: Options = [
            Candidate(f"The {field} is about {a} and {b}, as far as the {source} tells.", 2.2),
            Candidate(f"Mostly {a}, with some {b}; {c} matters less.", 1.8),
            Candidate(f"It comes down to {a} and {b}.", 1.2),
            Candidate(f"{a.capitalize()} and {b}.", 0.4),
            Candidate(a.capitalize(), -0.6),
        ]
        first = next(iter(split_sentences(self.main)), "")
        if first and not first.endswith("?") and len(first) < 200:  # noqa: PLR2004  # a sentence, not a page
            candidates.append(Candidate(first, 1.5))
        return candidates

    def _numbers(self, shape: Shape, name: str) -> Options:
        low, high = shape.low, shape.high
        numbers: list[tuple[float, float]] = []
        if low is not None and high is not None:
            numbers = [
                (low + (high - low) * share, weight) for share, weight in ((0.8, 1.4), (0.5, 1.0), (0.3, 0.6))
            ]
        elif _SHARE.search(name) and shape.kind == "float":
            numbers = [(0.9, 1.6), (0.95, 1.2), (0.8, 1.0), (0.7, 0.4), (0.5, 0.0)]
        elif _RATING.search(name):
            numbers = [(4.0, 1.4), (3.0, 1.2), (5.0, 1.0), (2.0, 0.4)]
        elif calculated := _SUM.search(self.everything):
            result = _calculate(*calculated.groups())
            numbers = [(result, 3.0), (result + 1, 0.4), (result - 1, 0.2)]
        else:
            values = [float(n) for n in _NUMBER.findall(self.everything)[:3]]
            numbers = [(n, 1.6 - 0.4 * i) for i, n in enumerate(values)]
            numbers += [(n, 0.8 - 0.1 * n) for n in (1.0, 2.0, 3.0, 5.0)]
            numbers.append((float(len(self.everything.split())), 0.6))
        inside = [
            (min(max(n, -1e12 if low is None else low), 1e12 if high is None else high), w)
            for n, w in numbers
        ]
        return [Candidate(round(n) if shape.kind == "int" else round(n, 4), w) for n, w in inside]

    def _option_logit(self, index: int, option: object) -> float:
        named = re.search(rf"\b{re.escape(str(option))}\b", self.everything, re.IGNORECASE)
        return 1.0 - 0.2 * index + (1.5 if named else 0.0)

    def _lists(self, item: Shape, name: str) -> Options:
        if item.kind != "str":
            several = [self._one(item, name) for _ in range(4)]
            return [Candidate(several[:n], 1.6 - 0.4 * abs(n - 2)) for n in (1, 2, 3, 4)]
        pieces = [p.strip(" .") for p in re.split(r"[,;\n]|(?<=[.!?])\s|\band\b", self.main) if p.strip(" .")]
        pieces = pieces if len(pieces) > 1 else [word.capitalize() for word in self.topic]
        return [Candidate(list(islice(cycle(pieces), n)), 1.6 - 0.3 * abs(n - 3)) for n in range(1, 9)]


def with_bounds(shape: Shape, description: str) -> Shape:
    """`shape` with the bounds that a number's description states, such as "greater than or equal to: 0"."""
    if shape.kind not in {"int", "float"}:
        return shape
    lows = re.search(r"greater than( or equal to)?:? (-?\d+(?:\.\d+)?)", description)
    highs = re.search(r"less than( or equal to)?:? (-?\d+(?:\.\d+)?)", description)
    range_ = re.search(r"(-?\d+(?:\.\d+)?)\s*(?:to|and|-|–|\.\.)\s*(\d+(?:\.\d+)?)", description)  # noqa: RUF001  # people type that dash
    step = 1.0 if shape.kind == "int" else 0.01
    low = float(lows[2]) + (0 if lows[1] else step) if lows else shape.low
    high = float(highs[2]) - (0 if highs[1] else step) if highs else shape.high
    if range_ and low is None and high is None:
        low, high = float(range_[1]), float(range_[2])
    return Shape(shape.kind, low=low, high=high)


def _calculate(left: str, sign: str, right: str) -> float:
    a, b = float(left), float(right)
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    if sign == "/":
        return a / b if b else 0.0
    return a * b
