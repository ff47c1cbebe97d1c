"""The prompts of two attempts, predictor by predictor and line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refine_core.comparison.changes import LineBlock, fold_lines
from refine_core.log.timeline import Attempt, PredictorRun
from refine_core.unseen import show_unseen

_ROLES: Mapping[str, str] = {
    "system": "System message",
    "user": "User message",
    "assistant": "Assistant message",
}
Key = tuple[str, tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class PromptChange:
    """The prompt of one predictor. name: the predictor's. note: why there is nothing to compare, or "".

    is_equal: whether both were asked the same. blocks: of all messages, in order.
    """

    name: str
    blocks: tuple[LineBlock, ...]
    is_equal: bool
    note: str = ""


def compare_prompts(a: Attempt, b: Attempt) -> tuple[PromptChange, ...]:
    """Pairs the first request of each predictor's runs; a second asking in another format is left out."""
    old, new = _requests(a), _requests(b)
    return tuple(_compare(key, old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new)))


def _requests(attempt: Attempt) -> dict[Key, PredictorRun]:
    """(name, attempts of refinements inside, how many of that before) -> run."""
    found: dict[Key, PredictorRun] = {}
    for run in attempt.predictors:
        ordinal = sum(key[:2] == (run.name, run.inner) for key in found)
        if run.calls:
            found[run.name, run.inner, ordinal] = run
    return found


def _compare(key: Key, old: PredictorRun | None, new: PredictorRun | None) -> PromptChange:
    name, inner, ordinal = key
    title = show_unseen(name) + "".join(f", attempt {index + 1} inside" for index in inner)
    title += f", call {ordinal + 1}" if ordinal else ""
    if old is None or new is None:
        return PromptChange(
            title, (), is_equal=False, note=f"Only {'B' if old is None else 'A'} asked this predictor."
        )
    before, after = (_messages(run) for run in (old, new))
    if [role for role, _ in before] != [role for role, _ in after]:
        return PromptChange(title, fold_lines(_whole(before), _whole(after)), is_equal=False)
    blocks = [
        block
        for (role, text), (_, other) in zip(before, after, strict=True)
        for block in fold_lines(text, other, _ROLES.get(role, show_unseen(role)))
    ]
    return PromptChange(title, tuple(blocks), before == after)


def _messages(run: PredictorRun) -> list[tuple[str, str]]:
    return [(message["role"], show_unseen(message["content"])) for message in run.calls[0].messages]


def _whole(messages: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{_ROLES.get(role, role)}\n{text}" for role, text in messages)
