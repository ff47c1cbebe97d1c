"""What the recorded attempts would score with the form as it stands: the column "would score now", and what it changes for the run.

would_score(form, run) -> WouldScore | None      None where nothing is edited, or what is edited changes the outputs themselves
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.shared import what_if_choice
from pages.shared.isolation import why_code_is_refused
from pages.shared.run.view import WouldScore
from pages.shared.text import escape_markdown, show_error
from refine_core import figures, runs
from refine_core.errors import LMError, RewardError, StoreError, WorkerError
from refine_core.formatting import pluralize
from refine_core.messages import format_reward
from refine_core.programs import ProgramSpec
from refine_core.runs import Run, RunWhatIf, Timeline
from refine_core.what_if import (
    OTHER_HINTS,
    WHAT_IF_FIELDS,
    WhatIfAttempt,
    describe_changes,
    list_program_changes,
)

LIMIT_S: Final = 1.0  # for all scores, while somebody types
SCORES_PX: Final = 92  # of the scores above the reward on a narrow page
SCORES: Final = 6  # the last of a long run
_REWARD: Final = ("reward", "reward_name", "reward_shape", "reward_arguments")
_NUMBERS: Final = ("N", "threshold", "fail_count", "schedule", "validators", "inputs", "stages")
_LAST, _ASKED = static_key("would-score"), static_key("would-score", "asked")


def would_score(form: FormState, run: Run) -> WouldScore | None:
    """Score the recorded outputs with what stands in the form; a reward that cannot be read leaves the scores of before."""
    timeline = run.timeline
    spec = _comparable(timeline, form.spec)
    wrong = any(problem.field.partition(".")[0] in _NUMBERS for problem in form.problems)
    nothing = spec is None or not any(a.outputs is not None for a in timeline.attempts)
    if run.live or wrong or spec is None or nothing or why_code_is_refused():
        st.session_state.pop(_LAST, None)
        return None
    kept: tuple[str, WouldScore] | None = st.session_state.get(_LAST)
    consent = st.session_state.pop(_ASKED, None) == spec.reward
    try:
        asked = runs.ask_what_if(
            timeline,
            spec,
            ask_judge=consent,
            credentials=form.credentials if consent else None,
            limit_s=None if consent else LIMIT_S,
        )
    except (RewardError, WorkerError, StoreError, LMError) as error:
        if consent:
            show_error(f"The judge was not asked: {error}")
        if kept is None or kept[0] != run.run_id:
            return None
        return replace(kept[1], note="the reward cannot be run as it stands; these are the scores of before")
    shown = _describe(asked)
    st.session_state[_LAST] = (run.run_id, shown)
    return shown


def draw_scores_now(would: WouldScore | None, timeline: Timeline) -> None:
    """The same in a few lines, above the reward on a page too narrow for both it and the story; its place is always kept."""
    with st.container(height=SCORES_PX, border=False), st.container(gap=None):
        if would is None:
            st.caption("Edit the reward: what each attempt would score stands here.")
            return
        st.markdown(f"**{escape_markdown(would.headline)}**")
        st.markdown(f":small[{' · '.join(list_scores_now(would, timeline))}]")


def list_scores_now(would: WouldScore, timeline: Timeline) -> Iterator[str]:
    """Attempt by attempt, the old score struck out where there is another."""
    for attempt in timeline.attempts[-SCORES:]:
        cell = figures.describe_now(timeline, attempt, would.now)
        if cell is None:
            continue
        old = "" if attempt.reward is None else format_reward(timeline, attempt.reward)
        was = f":gray[~~{escape_markdown(old)}~~] " if old and old != cell.text else ""
        yield f":gray[attempt {attempt.index + 1}] {was}:blue[**{escape_markdown(cell.text)}**]"


def _comparable(timeline: Timeline, typed: ProgramSpec) -> ProgramSpec | None:
    """What is typed, if it differs from the run in what leaves its outputs as they are; else None."""
    then = timeline.spec
    if then.model.kind == "replay" and typed.model.kind != "replay":  # of the same replies
        typed = replace(typed, model=then.model, adviser=then.adviser, judge=then.judge)
    if all(getattr(then, name) == getattr(typed, name) for name in WHAT_IF_FIELDS):
        return None
    if list_program_changes(then, typed) or typed.N < 1:
        return None
    return replace(then, **{name: getattr(typed, name) for name in WHAT_IF_FIELDS})


def _describe(asked: RunWhatIf) -> WouldScore:
    result, timeline = asked.result, asked.timeline
    best = result.returned if result.is_known else result.first
    now: dict[int, figures.Now] = {}
    for one in result.attempts:
        if one.state == "never_tried" and result.stop is not None and one.attempt > result.stop:
            continue  # it would not have been made, either
        end = asked.scores.ends.get(one.attempt - 1)
        if one.state == "never_tried":
            told = figures.Now(instead="never tried", why=one.why)
        elif one.new is not None:
            chosen = one.attempt == best
            reached = result.threshold is not None and one.new >= result.threshold and not one.unmet
            told = figures.Now(one.new, is_best=chosen, why=one.why, is_returned=chosen and reached)
        elif end is not None:
            error = getattr(end, "error", None)
            why = "" if error is None else error.message
            told = figures.Now(instead="fails", why=why, fails=one.old is not None)
        else:
            told = figures.Now(instead="not scored", why=one.why)
        now[one.attempt - 1] = replace(
            told,
            state=one.state,
            because=one.why,
            old_hint=_old_hint(timeline, asked.spec, one),
            threshold=asked.spec.threshold if asked.spec.threshold != timeline.spec.threshold else None,
        )
    return WouldScore(
        f"{_prefix(timeline, asked.spec)}, {_first_sentence(asked)}",
        " · ".join(filter(None, [_how_scored(asked), _how_exact(asked)])),
        now,
        whole=f"{result.headline} {result.case}",
        keep=partial(what_if_choice.keep, asked, ": open the run and choose What if"),
        ask=_ask(asked),
    )


def _old_hint(timeline: Timeline, spec: ProgramSpec, one: WhatIfAttempt) -> str:
    """What an attempt's hints were written for, where the changed run would have had others; else ""."""
    then = timeline.spec
    old = [
        name
        for name, fields in (
            ("reward", _REWARD),
            ("validators", ("validators",)),
            ("threshold", ("threshold",)),
        )
        if any(getattr(then, field) != getattr(spec, field) for field in fields)
    ]
    differs = one.why in OTHER_HINTS or (then.hint_source == "adviser" and bool(old))
    if one.state != "not_comparable" or not differs:
        return ""
    return f"for the old {old[0]}" if old else "other ones now"


def _ask(asked: RunWhatIf) -> tuple[str, Callable[[], None]] | None:
    """What asking the reward's judge would take, and what allows it."""
    if asked.scores.estimate is None:
        return None

    def allow() -> None:
        st.session_state[_ASKED] = asked.spec.reward

    return asked.scores.estimate.text, allow


def _first_sentence(asked: RunWhatIf) -> str:
    """What would have happened, to go on after "With the edited reward, "."""
    brief = asked.result.brief
    return f"{brief[:1].lower()}{brief[1:]}"


def _how_exact(asked: RunWhatIf) -> str:
    """How much of it is exact, in a few words."""
    result = asked.result
    if result.exact_until is None:
        saved = f"{pluralize(result.calls_saved, 'call')} saved" if result.calls_saved else ""
        return " · ".join(filter(None, ["exact", saved]))
    after = result.attempts[result.exact_until :]
    if not after or after[0].state == "never_tried":
        last = len(result.attempts)
        number = result.exact_until + 1
        return (
            f"attempt {number} was never tried"
            if number >= last
            else f"attempts {number} to {last} were never tried"
        )
    why = after[0].why or "not scored yet"
    # The chart has no column for what is beyond the run's own N, so it is said here, in place of the reason: there is no room for both.
    beyond = [one.attempt for one in after if one.attempt > asked.timeline.spec.attempt_count]
    if beyond and result.exact_until:
        until = f" to {beyond[-1]}" if len(beyond) > 1 else ""
        return f"exact up to attempt {result.exact_until}; {beyond[0]}{until} never tried"
    return (
        f"exact up to attempt {result.exact_until}, then {why}" if result.exact_until else f"not exact: {why}"
    )


def _prefix(timeline: Timeline, spec: ProgramSpec) -> str:
    """What was changed, where it is one thing."""
    changes = describe_changes(timeline, spec)
    return f"With {changes[0]}" if len(changes) == 1 else "With these changes"


def _how_scored(asked: RunWhatIf) -> str:
    if asked.scores.estimate is not None:
        return "the reward asks its judge, a model, so it is not run by typing"
    if asked.scores.left_out:
        return f"{pluralize(asked.scores.left_out, 'output')} not scored within {LIMIT_S:g} s"
    return "scored without a model call"
