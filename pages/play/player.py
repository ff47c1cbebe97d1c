"""The controls that step through a run: slider, keys, caption, "guess first".

    draw_guess_switch(run_id, playback)     draw_player(run_id, playback) -> the step that the page shows

The step is in the address. How the controls look and which keys they take is assets/play.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared import address
from pages.shared.run.guesses import Guesses, guesses_for, read_guess, switch_guesses
from pages.shared.web import PLAY, import_script, read_styles
from refine_core.formatting import format_score
from refine_core.play import GuessRange, Step, ask_for_guess, compare_guess
from refine_core.runs import Playback, Timeline

MAX_CAPTIONS = 600  # sent at once, of a long run those around the step
_component = st.components.v2.component(
    "refinescope.play", js=import_script(PLAY), css=read_styles(PLAY, root=".player")
)


def draw_guess_switch(run_id: str, playback: Playback) -> None:
    """Whether each reward waits for a guess."""
    steps = playback.all_steps
    guesses = guesses_for(run_id, steps)
    st.toggle(
        "Guess first",
        value=guesses.on,
        key="guess-first",
        help="Each reward stays hidden until you have guessed it.",
        on_change=lambda: switch_guesses(
            guesses, steps, _shown(steps, guesses), on=st.session_state["guess-first"]
        ),
        width="content",
    )


def draw_player(run_id: str, playback: Playback) -> int:
    """Draw the controls, and return the index of the step to show.

    In an AppTest, go to a step with `at.session_state["play"] = {"moved": {"step": 4, "at": 0}}`.
    """
    steps = playback.all_steps
    guesses = guesses_for(run_id, steps)
    key = "play"

    def move() -> None:
        if (step := _read_step(st.session_state[key].get("moved"), len(steps))) is not None:
            gate = guesses.gate(steps, step)
            address.show_step(step if gate is None else gate.step)

    def guess() -> None:
        told, gate = read_guess(st.session_state[key].get("guessed")), guesses.gate(steps, len(steps) - 1)
        if told is not None and gate is not None and told[0] == gate.attempt:
            guesses.values[gate.attempt] = told[1]
            address.show_step(gate.step + 1)

    step = _shown(steps, guesses)
    _component(
        key=key,
        data=_describe(playback, steps, step, guesses),
        on_moved_change=move,
        on_guessed_change=guess,
    )
    return step


def _shown(steps: tuple[Step, ...], guesses: Guesses) -> int:
    """The step of the address, or the last one before a reward that is not guessed yet."""
    wanted = min(address.step() or 0, len(steps) - 1)
    gate = guesses.gate(steps, wanted)
    return wanted if gate is None else gate.step


def _describe(playback: Playback, steps: tuple[Step, ...], step: int, guesses: Guesses) -> dict[str, object]:
    """What the browser draws. It is told of no reward that waits for a guess."""
    gate = guesses.gate(steps, min(step + 1, len(steps) - 1))
    waits = guesses.gate(steps, len(steps) - 1)
    known = steps if waits is None else steps[: waits.step + 1]
    first = max(0, min(step - MAX_CAPTIONS // 2, len(known) - MAX_CAPTIONS))
    timeline = playback.timeline(step)
    span = GuessRange.of(timeline)
    return {
        "step": step,
        "asked": address.step() or 0,
        "count": len(steps),
        "first_caption": first,
        "captions": [one.caption for one in known[first : first + MAX_CAPTIONS]],
        "gate": None
        if gate is None
        else {
            "attempt": gate.attempt,
            "step": gate.step,
            "question": ask_for_guess(timeline, gate.attempt),
            "low": span.low,
            "high": span.high,
            "low_text": format_score(span.low),
            "high_text": format_score(span.high),
        },
        "guesses": _revealed(timeline, guesses, span),
    }


def _revealed(timeline: Timeline, guesses: Guesses, span: GuessRange) -> list[dict[str, object]]:
    """Each guess beside its reward, of those that are seen at this step."""
    rows: list[dict[str, object]] = []
    for attempt in timeline.attempts:
        guess = guesses.values.get(attempt.index)
        if guess is None or attempt.reward is None:
            continue
        words, truth = compare_guess(timeline, attempt, guess)
        rows.append(
            {
                "name": f"Attempt {attempt.index + 1}",
                "guess": words,
                "truth": truth,
                "guess_at": span.share_of(guess),
                "truth_at": span.share_of(attempt.reward),
            }
        )
    return rows


def _read_step(sent: object, count: int) -> int | None:
    """A step as the browser sent it, if it exists: a browser can send anything."""
    step = sent.get("step") if isinstance(sent, Mapping) else None
    return step if isinstance(step, int) and not isinstance(step, bool) and 0 <= step < count else None
