"""A hint test as data for assets/hint_test: the verdict, a dot for each try, the table, the hints, the outputs.

draw_test(test)         while tries run there are dots and no means: an early lead would be read as a result
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.text import cut_text
from pages.shared.web import HINT_TEST, import_script, read_styles
from refine_core import hint_tests
from refine_core.differences import diff_words
from refine_core.figures import list_ticks
from refine_core.formatting import (
    clip,
    format_cost,
    format_duration,
    format_score,
    format_temperature,
    pluralize,
)
from refine_core.hint_tests import ArmResult, HintTest, Try
from refine_core.messages import hint_source
from refine_core.runs import format_value
from refine_core.unseen import show_unseen

KEY: Final = "hint-test"
LINE_CHARACTERS: Final = 300
MIN_COMMON: Final = 0.4
_component = st.components.v2.component(
    "refinescope.hint_test",
    js=import_script(HINT_TEST),
    css=read_styles(HINT_TEST, root=".hint-test"),
)


def draw_test(test: HintTest) -> None:
    """Draw the test. In an AppTest, open a try with `at.session_state["hint-test"] = {"asked": {"run": "…", "at": 1}}`."""
    verdict = hint_tests.write_verdict(test)
    shows_means = not test.left and not test.is_live
    _component(
        key=KEY,
        data={
            "test": test.id,
            "answer": verdict.answer,
            "headline": verdict.headline,
            "details": list(verdict.details),
            "live": test.is_live,
            "axis": _axis(test),
            "attempt": test.document.attempt,
            "arms": [_arm(one, shows_means=shows_means) for one in test.arms],
            "parts": _parts(test) if shows_means else [],
            "facts": [[name, show_unseen(text)] for name, text in _facts(test)],
            "hints": _hints(test),
            "warnings": [show_unseen(text) for text in hint_tests.list_warnings(test)],
            "outputs": [_output(test, one) for one in _in_order(test) if one.state != "not run"],
            "markdown": hint_tests.write_markdown(test),
        },
        on_asked_change=lambda: None,
    )


def take_clicks(test: HintTest) -> None:
    """Open the try that was pressed."""
    asked = take_click(KEY, "asked")
    wanted = asked.get("run") if asked is not None else None
    if any(one.planned.run_id == wanted for one in test.tries):
        leave_for(address.RUN, {"run": str(wanted)})


def _axis(test: HintTest) -> dict[str, object]:
    threshold = test.timeline.spec.threshold if test.timeline is not None else None
    rewards = [*test.known_rewards, *(reward for one in test.arms for reward in one.rewards)]
    low, high, ticks = list_ticks(rewards, threshold)
    return {
        "low": low,
        "high": high,
        "ticks": [[value, format_score(value, (*ticks, threshold))] for value in ticks],
        "threshold": threshold if threshold is not None and math.isfinite(threshold) else None,
        "threshold_text": "" if threshold is None else f"threshold {format_score(threshold)}",
    }


def _arm(one: ArmResult, *, shows_means: bool) -> dict[str, object]:
    low, high = one.interval if shows_means else (None, None)
    mean = one.mean if shows_means else None
    total = len(one.tries)
    ended = len(one.ended)
    count = (
        pluralize(total, "try", "tries")
        if ended == total
        else f"{ended} of {pluralize(total, 'try', 'tries')}"
    )
    return {
        "kind": one.arm.kind,
        "label": one.arm.label,
        "count": count,
        "failed": [[t.planned.run_id, _title(one, t)] for t in one.tries if t.state == "failed"],
        "dots": [[t.reward, t.planned.run_id, _title(one, t)] for t in one.tries if t.reward is not None],
        "tries": total,
        "mean": mean,
        "mean_text": "" if mean is None else format_score(mean),
        "low": low,
        "high": high,
        "alt": _describe(one, shows_means=shows_means),
    }


def _describe(one: ArmResult, *, shows_means: bool) -> str:
    """An arm in words, for who does not see the dots."""
    counts: dict[str, int] = {}
    for reward in sorted(one.rewards):
        text = format_score(reward)
        counts[text] = counts.get(text, 0) + 1
    rewards = ", ".join(f"{text} in {count}" for text, count in counts.items()) or "none yet"
    words = f"{one.arm.label}, {pluralize(len(one.ended), 'try', 'tries')}. Rewards: {rewards}."
    if one.failed:
        words += f" Failed: {one.failed}."
    if shows_means and one.mean is not None:
        words += f" Mean {format_score(one.mean)}"
        low, high = one.interval
        words += (
            "."
            if low is None or high is None
            else f", 95 % interval {format_score(low)} to {format_score(high)}."
        )
    return words


def _title(one: ArmResult, it: Try) -> str:
    what = "failed" if it.reward is None else format_score(it.reward)
    return f"{one.arm.label}, try {it.planned.number}: {what}"


def _parts(test: HintTest) -> list[dict[str, object]]:
    """The table: parts with full marks, and whether the attempt would have ended the run."""
    rows = [
        _part(
            show_unseen(part.name),
            f"Full marks: {format_score(part.full)}, the most that was seen",
            [part.shares.get(one.arm.kind) for one in test.arms],
        )
        for part in test.parts
    ]
    if test.timeline is not None and test.timeline.spec.threshold is not None:
        reached = [
            sum(t.reaches_threshold for t in one.ended) / len(one.ended) if one.ended else None
            for one in test.arms
        ]
        rows.append({**_part("reaches the threshold", "Would have ended the run", reached), "is_whole": True})
    return rows


def _part(name: str, title: str, shares: Sequence[float | None]) -> dict[str, object]:
    return {"name": name, "title": title, "texts": [hint_tests.format_share(share) for share in shares]}


def _facts(test: HintTest) -> Iterable[tuple[str, str]]:
    timeline, attempt = test.timeline, test.attempt
    if timeline is None or attempt is None:
        yield "from", f"attempt {test.document.attempt} of a run that was removed"
        return
    heat = (
        f"temperature {format_temperature(attempt.temperature)}"
        if timeline.has_temperature(attempt)
        else "no temperature"
    )
    yield "from", f"attempt {test.document.attempt}, {heat}, same inputs and model"
    yield "model", timeline.spec.model.label
    tries = [one for one in test.tries if one.calls]
    calls = sum(one.calls for one in tries)
    took = sum(one.took_s or 0.0 for one in tries)
    yield (
        "calls",
        " · ".join(
            [f"{calls:,}, none cached", format_cost(test.cost_usd), f"{format_duration(took)} in all"]
        ),
    )
    yield "reward", "the run's own"
    yield "interval", "95 % (Welch, after Agresti and Caffo)"
    for note in hint_tests.list_notes(timeline, attempt):
        yield "note", note


def _hints(test: HintTest) -> list[dict[str, object]]:
    """The texts of the arms; the edited one with its changes marked."""
    this = test.arm("this")
    own = (
        dict(this.arm.hints)
        if this is not None
        else (test.attempt.real_hints if test.attempt is not None else {})
    )
    several = len({name for one in test.arms for name in one.arm.real_hints}) > 1
    found: list[dict[str, object]] = []
    for one in test.arms:
        for name, text in one.arm.real_hints.items():
            if one.arm.kind == "other" and own.get(name) == text:
                continue
            source = ""
            if one.arm.kind == "this" and test.timeline is not None and test.attempt is not None:
                source = hint_source(test.timeline, test.attempt)
            found.append(
                {
                    "kind": one.arm.kind,
                    "label": one.arm.label,
                    "to": show_unseen(name) if several else "",
                    "source": source,
                    "pieces": _pieces(own.get(name, ""), text)
                    if one.arm.kind == "other"
                    else [["same", show_unseen(text)]],
                }
            )
    return found


def _pieces(before: str, text: str) -> list[list[str]]:
    difference = diff_words(before, text) if before else None
    if difference is None or difference.common < MIN_COMMON:
        return [["same", show_unseen(text)]]
    return [[piece.kind, show_unseen(piece.text)] for piece in difference.pieces]


def _in_order(test: HintTest) -> list[Try]:
    """The tries arm by arm, as the list of outputs has them."""
    return [one for result in test.arms for one in result.tries]


def _output(test: HintTest, one: Try) -> Mapping[str, object]:
    arm = test.document.arms[one.planned.arm]
    words = {"running": "running", "failed": "failed", "stopped": "stopped"}.get(one.state, "")
    text = one.error if one.state == "failed" else _line(test, one.outputs)
    return {
        "run": one.planned.run_id,
        "kind": arm.kind,
        "label": arm.label.lower(),
        "number": one.planned.number,
        "reward": format_score(one.reward) if one.reward is not None else words,
        "state": one.state,
        "text": show_unseen(cut_text(text)),
    }


def _line(test: HintTest, outputs: Mapping[str, object]) -> str:
    """What a try returned, on one line: the last stage's outputs first, and reasoning last."""
    last = (
        test.attempt.predictors[-1].outputs if test.attempt is not None and test.attempt.predictors else None
    )
    names = sorted(outputs, key=lambda name: (name == "reasoning", last is not None and name not in last))
    line = " · ".join(" ".join(_write(outputs[name]).split()) for name in names)
    return clip(line, LINE_CHARACTERS)


def _write(value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return format_value(value)
