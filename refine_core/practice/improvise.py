"""Candidate answers for whatever the practice model does not know: of the right type, made from the inputs."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import cycle, islice

from refine_core.english import split_sentences
from refine_core.practice import texts
from refine_core.practice.request import Output, Request
from refine_core.practice.sampling import Candidate, Draw
from refine_core.practice.shapes import Shape

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SENTENCE_CHARS = 200

Options = list[Candidate[object]]


def improvise(request: Request, output: Output, shape: Shape, draw: Draw) -> Options:
    """Candidates for `output`, at least one. Nested values are drawn at once, with `draw`."""
    name, inputs = output.name, "\n".join(request.inputs.values())
    longest = max(request.inputs.values(), key=len, default="")

    def draw_one(part: Shape) -> object:
        return draw.choose(improvise(request, output, part, draw))

    match shape.kind:
        case "str":
            return _write_texts(name, request, longest)
        case "int" | "float":
            return _choose_numbers(shape, inputs)
        case "bool":
            return [Candidate(True, 1.4), Candidate(False, 0.6)]
        case "choice":
            return [Candidate(option, 1.0 - 0.2 * i) for i, option in enumerate(shape.options)]
        case "list" if shape.parts[0].kind == "str":
            return _list_pieces(request, longest)
        case "list":
            several = [draw_one(shape.parts[0]) for _ in range(3)]
            return [Candidate(several[:n], 1.6 - 0.4 * abs(n - 2)) for n in (1, 2, 3)]
        case "dict":
            return [Candidate({key: draw_one(shape.parts[0]) for key in _find_topic(request)[:2]}, 0.0)]
        case "object":
            return [Candidate({key: draw_one(part) for key, part in shape.fields}, 0.0)]
        case "union":
            # A number that may also be written as text, as a Decimal is in JSON, is a number.
            is_number = any(part.kind in {"int", "float"} for part in shape.parts)
            parts = [part for part in shape.parts if not (is_number and part.kind == "str")]
            return [one for part in parts for one in improvise(request, output, part, draw)]
        case "none":
            return [Candidate(None, -0.5)]


def reason(request: Request, output: Output) -> Options:
    """Candidates for a field that thinks aloud before the others."""
    source, topic = next(iter(request.inputs), "prompt"), _find_topic(request)
    wanted = " and ".join(o.name.replace("_", " ") for o in request.outputs if o.name != output.name)
    hint = f" The hint says: {split_sentences(request.hint)[0]}" if request.hint else ""
    return [
        Candidate(
            f"The {source} is about {topic[0]} and {topic[1]}. From that I work out the {wanted}.{hint}", 1.4
        ),
        Candidate(f"First I look at the {source}, then I settle on the {wanted}.{hint}", 1.0),
    ]


def with_bounds(shape: Shape, description: str) -> Shape:
    """`shape` with the bounds that a number's description states, such as "greater than or equal to: 0" or "from 1 to 5"."""
    if shape.kind not in {"int", "float"}:
        return shape
    lows = re.search(r"greater than(?: or equal to)?:? (-?\d+(?:\.\d+)?)", description)
    highs = re.search(r"less than(?: or equal to)?:? (-?\d+(?:\.\d+)?)", description)
    either = re.search(r"(-?\d+(?:\.\d+)?)\s*(?:to|and|-|\.\.)\s*(\d+(?:\.\d+)?)", description)
    if either and not (lows or highs):
        return replace(shape, low=float(either[1]), high=float(either[2]))
    return replace(
        shape, low=float(lows[1]) if lows else shape.low, high=float(highs[1]) if highs else shape.high
    )


def _find_topic(request: Request) -> list[str]:
    """The most informative words of the inputs, at least three."""
    words = texts.keywords(" ".join(request.inputs.values()), 6)
    return [*words, "little", "more", "else"][: max(3, len(words))]


def _write_texts(name: str, request: Request, longest: str) -> Options:
    a, b, c = _find_topic(request)[:3]
    field, source = name.replace("_", " "), next(iter(request.inputs), "prompt")
    candidates: Options = [
        Candidate(f"The {field} is about {a} and {b}, as far as the {source} tells.", 2.2),
        Candidate(f"Mostly {a}, with some {b}; {c} matters less.", 1.8),
        Candidate(f"It comes down to {a} and {b}.", 1.2),
        Candidate(f"{a.capitalize()} and {b}.", 0.4),
        Candidate(a.capitalize(), -0.6),
    ]
    first = next(iter(split_sentences(longest)), "")
    if first and not first.endswith("?") and len(first) < _SENTENCE_CHARS:
        candidates.append(Candidate(first, 1.5))
    return candidates


def _choose_numbers(shape: Shape, inputs: str) -> Options:
    low, high = shape.low, shape.high
    if low is not None and high is not None:
        numbers = [
            (low + (high - low) * share, logit) for share, logit in ((0.8, 1.4), (0.5, 1.0), (0.3, 0.6))
        ]
    else:
        numbers = [(float(n), 1.6 - 0.4 * i) for i, n in enumerate(_NUMBER.findall(inputs)[:3])]
        numbers += [(n, 0.8 - 0.1 * n) for n in (1.0, 2.0, 3.0, 5.0)]
    least, most = -1e12 if low is None else low, 1e12 if high is None else high
    inside = [(min(max(n, least), most), logit) for n, logit in numbers]
    return [Candidate(round(n) if shape.kind == "int" else round(n, 4), logit) for n, logit in inside]


def _list_pieces(request: Request, longest: str) -> Options:
    pieces = [p.strip(" .") for p in re.split(r"[,;\n]|(?<=[.!?])\s|\band\b", longest) if p.strip(" .")]
    pieces = pieces if len(pieces) > 1 else [word.capitalize() for word in _find_topic(request)]
    return [Candidate(list(islice(cycle(pieces), n)), 1.6 - 0.3 * abs(n - 3)) for n in range(1, 9)]
