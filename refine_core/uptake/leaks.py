"""Hints that give away what only the reward should know: a reference value, or, as a note only, a word of the reward's code.

A value that the program was given anyway, or that an output already held, gives nothing away.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from refine_core.english import QUOTED
from refine_core.errors import SignatureError
from refine_core.log.timeline import Attempt, Timeline
from refine_core.python_parser import parse_module
from refine_core.refine.build import list_program_inputs
from refine_core.spec import ProgramSpec
from refine_core.uptake.rule import as_text

_MIN_CHARS: Final = 3  # of a word; shorter ones stand in any text
_MIN_DIGITS: Final = 2
_LONG_WORDS: Final = 6  # so many words in a row of a long text are a quotation
_MAX_CHARS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Leak:
    """kind: "reference" for a value that only the reward sees, "constant" for a text of its code, which the adviser reads.

    name: of the reference value; "" for a constant. value: what the hint quotes. text: in a sentence.
    """

    kind: Literal["reference", "constant"]
    name: str
    value: str
    text: str


def leaks(timeline: Timeline, attempt: Attempt) -> dict[str, tuple[Leak, ...]]:
    """Predictor -> what the hint that it was given gives away; predictors without any are left out."""
    spec = timeline.spec
    found = {name: find_leaks(spec, hint) for name, hint in attempt.real_hints.items()}
    if any(found.values()):  # mostly there are none, and what is known is long
        known = program_texts(timeline, attempt)
        found = {name: find_leaks(spec, hint, known) for name, hint in attempt.real_hints.items()}
    return {name: several for name, several in found.items() if several}


def find_leaks(spec: ProgramSpec, hint: str, known: str = "") -> tuple[Leak, ...]:
    """What a hint gives away. known: text that the program has seen anyway."""
    return (*_references(spec, hint[:_MAX_CHARS], known), *_constants(spec.reward, hint[:_MAX_CHARS], known))


def program_texts(timeline: Timeline, attempt: Attempt) -> str:
    """All that the program was told, and what it said in the attempt that the adviser read: what a hint may repeat freely."""
    spec = timeline.spec
    hidden = reference_names(spec)
    told = [value for name, value in spec.inputs.items() if name not in hidden]
    stages = [
        (s.signature, s.instructions, *s.descriptions.values(), *map(str, s.demos)) for s in spec.stages
    ]
    source = next((a for a in timeline.attempts if a.index == attempt.advice_from), None)
    said = [run.outputs for run in source.predictors if run.outputs] if source is not None else []
    return "\n".join(
        [*map(as_text, told), *(text for stage in stages for text in stage), *map(as_text, said)]
    )


def reference_names(spec: ProgramSpec) -> frozenset[str]:
    """Names of the inputs that no stage reads, so that only the reward sees them; none where a signature does not parse."""
    try:
        read = list_program_inputs(spec)
    except SignatureError:
        return frozenset()
    return frozenset(name for name in spec.inputs if name not in read)


def _references(spec: ProgramSpec, hint: str, known: str) -> Iterator[Leak]:
    for name in sorted(reference_names(spec)):
        for value in dict.fromkeys(_texts(spec.inputs[name])):
            quoted = _quoted(value, hint)
            if quoted and not _holds(known, quoted):
                yield Leak(
                    "reference",
                    name,
                    quoted,
                    f"This hint quotes “{quoted}” from {name}, which only the reward should see.",
                )


def _texts(value: object) -> Iterator[str]:
    """The texts and numbers in a value that are long enough to be told from any other."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        if len(value.strip()) >= _MIN_CHARS or (
            value.strip().isdigit() and len(value.strip()) >= _MIN_DIGITS
        ):
            yield value.strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from (
            text
            for text in (str(value), f"{value:g}", f"{value:.2f}")
            if len(re.sub(r"\D", "", text)) >= _MIN_DIGITS
        )


def _quoted(value: str, hint: str) -> str:
    """What of the value the hint quotes: all of it, or of a long text several words in a row; "" for nothing."""
    if _holds(hint, value):
        return value
    words = value[:_MAX_CHARS].split()
    if len(words) <= _LONG_WORDS:
        return ""
    normal = " ".join(hint.split()).casefold()
    runs: Iterable[str] = (" ".join(words[i : i + _LONG_WORDS]) for i in range(len(words) - _LONG_WORDS + 1))
    return next((run for run in runs if run.casefold() in normal), "")


def _holds(text: str, value: str) -> bool:
    pattern = r"\s+".join(re.escape(word) for word in value.split())
    return bool(pattern) and re.search(rf"(?<![\w.]){pattern}(?!\w|\.\d)", text, re.IGNORECASE) is not None


def _constants(reward: str, hint: str, known: str) -> Iterator[Leak]:
    quoted = dict.fromkeys(next(filter(None, groups)).strip() for groups in QUOTED.findall(hint))
    constants = _code_texts(reward)
    for value in quoted:
        if value.casefold() in constants and not _holds(known, value):
            yield Leak(
                "constant",
                "",
                value,
                f"Note: “{value}” stands in the reward's code, which the adviser reads.",
            )


@lru_cache(maxsize=64)
def _code_texts(source: str) -> frozenset[str]:
    """The short texts in a reward's code, in lower case."""
    try:
        nodes = list(ast.walk(parse_module(source[:_MAX_CHARS])))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    texts = (n.value.strip() for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return frozenset(text.casefold() for text in texts if _MIN_CHARS <= len(text) <= 120)  # noqa: PLR2004
