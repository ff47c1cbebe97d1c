"""Plain text found in the messages of a run: its prompts, replies, outputs, hints, rewards and advice.

    search_run(timeline, "order number") -> Found(hits, count)

Each text of an attempt has a place: the tab of the detail that shows it, and its block there. `attempt_texts` lists them, and
the detail draws them under the same names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

import ujson

from refine_core.log.timeline import Attempt, Timeline
from refine_core.runs.callers import list_callers

Tab = Literal["output", "reward", "advice", "prompts", "raw"]
TABS: Final[tuple[Tab, ...]] = get_args(Tab)
ROLES: Final = {"system": "System message", "user": "User message", "assistant": "Example reply"}
MAX_HITS: Final = 50
AROUND: Final = 40  # characters on each side of a hit


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text of an attempt. block: names its place in the tab. label: what a person reads. caller: whose prompt it is, or ""."""

    tab: Tab
    block: str
    label: str
    text: str
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a text was found: in the block of that tab of that attempt, from start to end; with what stands around it."""

    attempt: int
    tab: Tab
    block: str
    caller: str
    label: str
    start: int
    end: int
    before: str
    match: str
    after: str


@dataclass(frozen=True, slots=True)
class Found:
    """The first MAX_HITS hits in the order of the attempts, and how many there are in all."""

    hits: tuple[Hit, ...]
    count: int


def search_run(timeline: Timeline, text: str) -> Found:
    """Every place in the run where `text` stands, letter case aside; at most one hit for each of its texts is listed."""
    wanted = text.strip().lower()
    hits: list[Hit] = []
    count = 0
    if wanted:
        for attempt in timeline.attempts:
            for placed in attempt_texts(attempt):
                whole = placed.text.lower()
                times = whole.count(wanted)
                count += times
                if times and len(hits) < MAX_HITS:
                    hits.append(_hit(attempt, placed, wanted, whole))
    return Found(tuple(hits), count)


def attempt_texts(attempt: Attempt) -> Iterator[PlacedText]:
    """Every text of an attempt that a person reads in its detail, in the order of the tabs."""
    for name, value in (attempt.outputs or {}).items():
        yield PlacedText("output", output_block(name), f"output {name}", format_value(value))
    for name, hint in attempt.real_hints.items():
        yield PlacedText("output", hint_block(name), f"hint for {name}", hint)
    if attempt.score is not None:
        yield PlacedText("reward", "feedback", "what the reward says", attempt.score.feedback)
        yield PlacedText("reward", "stdout", "printed by the reward", attempt.score.stdout)
    if attempt.error is not None:
        yield PlacedText("reward", "stdout", "printed before it failed", attempt.error.stdout)
    if attempt.advice is not None:
        yield PlacedText("advice", "discussion", "the adviser's discussion", attempt.advice.discussion)
        for name, text in attempt.advice.hints.items():
            yield PlacedText("advice", advice_block(name), f"advice for {name}", text)
    for caller in list_callers(attempt):
        for call in caller.calls:
            for i, message in enumerate(call.messages):
                label = f"{caller.label}, {ROLES.get(message['role'], message['role'])}"
                yield PlacedText(
                    "prompts", message_block(str(call.span), i), label, message["content"], caller.key
                )
            thought, answer = call.reasoning_and_answer
            place = str(call.span)
            yield PlacedText("prompts", f"thought-{place}", f"{caller.label}, reasoning", thought, caller.key)
            yield PlacedText("prompts", f"reply-{place}", f"{caller.label}, reply", answer, caller.key)


def output_block(name: str) -> str:
    """The block of an output field."""
    return f"output-{name}"


def hint_block(name: str) -> str:
    """The block of a hint that a predictor was given."""
    return f"hint-{name}"


def advice_block(name: str) -> str:
    """The block of the advice for a predictor."""
    return f"advice-{name}"


def message_block(span: str, index: int) -> str:
    """The block of a message of a call."""
    return f"message-{span}-{index}"


def format_value(value: object) -> str:
    """A value as the detail shows it: text as it stands, True, False and None as Python writes them, anything else as JSON."""
    if value is None or isinstance(value, str | bool):
        return str(value)
    return ujson.dumps(value, indent=2, ensure_ascii=False, escape_forward_slashes=False)


def _hit(attempt: Attempt, placed: PlacedText, wanted: str, whole: str) -> Hit:
    text = placed.text
    # Lower case may be longer than what it was made of.
    start = whole.find(wanted) if len(whole) == len(text) else _find_unequal(text, wanted)
    end = min(start + len(wanted), len(text))
    return Hit(
        attempt.index,
        placed.tab,
        placed.block,
        placed.caller,
        placed.label,
        start,
        end,
        text[max(0, start - AROUND) : start],
        text[start:end],
        text[end : end + AROUND],
    )


def _find_unequal(text: str, wanted: str) -> int:
    """Where `wanted` begins in a text whose lower case has another length: letter by letter."""
    lowered, origin = [], []
    for i, letter in enumerate(text):
        small = letter.lower()
        lowered.append(small)
        origin += [i] * len(small)
    return origin["".join(lowered).find(wanted)]
