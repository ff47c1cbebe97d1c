"""An experiment as Markdown, for a pull request: the verdict, the arms, the differences, how it was done.

What people and models wrote stands in code, so it is never markup, a link or a mention (refine_core.markdown).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from refine_core.experiments import Snapshot
from refine_core.experiments.result import Result
from refine_core.export.experiment.page import write_headline
from refine_core.formatting import (
    MINUS,
    format_cost,
    format_difference,
    format_interval,
    format_p,
    format_score,
    pluralize,
)
from refine_core.markdown import code, prose, table

_NOTHING: Final = "\N{EN DASH}"
_INTERVAL: Final = re.compile(rf"\[[{MINUS}+\d.,e-]+, [{MINUS}+\d.,e-]+\]")


def write_markdown(snapshot: Snapshot, result: Result, left_out: Sequence[str] = ()) -> str:
    """All of it as Markdown."""
    return "\n\n".join(_blocks(snapshot, result, left_out)) + "\n"


def _blocks(snapshot: Snapshot, result: Result, left_out: Sequence[str]) -> Iterator[str]:
    yield f"### {prose(snapshot.experiment.name)}"
    yield _headline(snapshot, result)
    yield from (_words(snapshot, line) for line in result.verdict.details)
    heads = (
        "arm",
        "runs",
        "failed",
        "mean reward",
        "95 % interval",
        "reached",
        "calls a run",
        "tokens a run",
        "cost",
    )
    yield table(heads, [*_arm_rows(result)], numbers=range(1, len(heads)))
    if result.comparisons:
        pairs = ("difference", "inputs", "reward", "95 % interval", "p", "inputs needed")
        yield table(pairs, [*_comparison_rows(result)], numbers=range(1, len(pairs)))
    yield f"{result.verdict.method} {_describe_method(snapshot)}".strip()
    if left_out:
        yield f"Left out: {', '.join(map(code, left_out))}."


def _headline(snapshot: Snapshot, result: Result) -> str:
    return f"**{_words(snapshot, write_headline(snapshot, result))}**"


def _words(snapshot: Snapshot, sentence: str) -> str:
    """A sentence of ours, in which the names of arms are others' words."""
    names = sorted((arm.name for arm in snapshot.experiment.arms), key=len, reverse=True)
    pieces: list[str] = [sentence]
    for name in filter(None, names):
        pieces = [
            part
            for piece in pieces
            for part in (_split(piece, name) if not piece.startswith("\0") else [piece])
        ]
    return "".join(code(piece[1:]) if piece.startswith("\0") else _escape_piece(piece) for piece in pieces)


def _split(piece: str, name: str) -> list[str]:
    parts: list[str] = []
    for i, part in enumerate(piece.split(name)):
        parts += ([f"\0{name}"] if i else []) + ([part] if part else [])
    return parts


def _escape_piece(piece: str) -> str:
    """A part of a sentence as such where it is plain words and intervals, else as code."""
    core = piece.strip()
    if not core:
        return piece
    words = _INTERVAL.sub("0", core).replace(MINUS, "-").replace("\N{PLUS-MINUS SIGN}", "+")
    if not prose(f"A {words}").startswith("`"):
        return piece
    start, end = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{start or ' '}{code(core)}{end}"


def _arm_rows(result: Result) -> Iterator[tuple[str, ...]]:
    for arm in result.arms:
        low, high = arm.interval
        yield (
            code(arm.name),
            f"{arm.runs:,}" if arm.runs == arm.cells else f"{arm.runs:,} of {arm.cells:,}",
            f"{arm.failed:,}",
            _NOTHING if arm.mean is None else format_score(arm.mean),
            _NOTHING if low is None or high is None else format_interval(low, high),
            _NOTHING if arm.share_reached is None else f"{arm.share_reached * 100:.0f} %",
            _NOTHING if arm.calls.mean is None else f"{arm.calls.mean:,.1f}",
            _NOTHING if arm.tokens.mean is None else f"{arm.tokens.mean:,.0f}",
            _NOTHING if not arm.runs else format_cost(arm.usd.total),
        )


def _comparison_rows(result: Result) -> Iterator[tuple[str, ...]]:
    for one in result.comparisons:
        found = one.difference
        needed = _NOTHING
        if found is not None and not one.enough and found.needed is not None:
            needed = f"about {found.needed:,}"
        yield (
            f"{code(one.first.name)} {MINUS} {code(one.second.name)}",
            f"{one.inputs:,}",
            _NOTHING if found is None else format_difference(found.difference),
            _NOTHING if found is None else format_interval(found.low, found.high, signed=True),
            _NOTHING if one.p is None else format_p(one.p),
            needed,
        )


def _describe_method(snapshot: Snapshot) -> str:
    experiment = snapshot.experiment
    used = len(snapshot.dataset.rows[: experiment.rows])
    models = dict.fromkeys(arm.spec.model.label for arm in experiment.arms)
    repeats = "" if experiment.repeats == 1 else f", {experiment.repeats:,} repeats"
    return (
        f"{pluralize(used, 'input')} of {code(snapshot.dataset.name)}{repeats}, seed {experiment.seed}, on {', '.join(map(code, models))}; nothing "
        f"from the cache. Experiment {code(experiment.id)}."
    )
