"""A run that begins with hints, as a try of a hint test does; and rollout ids that begin elsewhere than at 0."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.errors import SpecError
from refine_core.programs import EXAMPLES, find_problems
from refine_core.runs import Runs
from refine_core.spec import Schedule
from refine_core.store import MemoryStore
from tests.threads import run_to_end

ONE, TWO = EXAMPLES["one_word"].spec, EXAMPLES["two_stages"].spec


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def ended(runs, spec):
    return run_to_end(runs, runs.start(spec)).timeline


def prompts(attempt):
    return [[m["content"] for m in call.messages] for run in attempt.predictors for call in run.calls]


def test_an_attempt_that_starts_with_an_attempts_hints_sends_its_very_prompts(runs):
    """Seen on the first hint of a run; later stages read what earlier ones said, which a draw changes."""
    whole = ended(runs, ONE)
    hinted = next(a for a in whole.attempts if a.real_hints)
    again = replace(
        ONE, N=1, strategy="single", hints="none", starting_hints=hinted.real_hints,
        schedule=Schedule("list", (hinted.temperature,)),
    )  # fmt: skip
    (attempt,) = ended(runs, again).attempts
    assert attempt.real_hints == hinted.real_hints
    assert attempt.temperature == hinted.temperature
    assert prompts(attempt) == prompts(hinted)


def test_no_starting_hints_send_what_a_first_attempt_sends(runs):
    first = ended(runs, ONE).attempts[0]
    (attempt,) = ended(runs, replace(ONE, N=1, strategy="single", first_rollout=3)).attempts
    assert attempt.hints == {}
    assert prompts(attempt) == prompts(first)


def test_rollout_ids_count_from_where_the_description_says(runs):
    spec = replace(
        ONE, strategy="best_of_n", N=3, threshold=None, schedule=Schedule("dspy-3"), first_rollout=7
    )
    rolled = [call.params["rollout_id"] for call in ended(runs, spec).calls]
    assert rolled == [7, 8, 9]
    unsent = replace(spec, schedule=Schedule("none"))
    assert [call.params["rollout_id"] for call in ended(runs, unsent).calls] == [7, 8, 9]


def test_starting_hints_for_a_predictor_that_there_is_not_are_refused(runs):
    (problem,) = find_problems(replace(TWO, starting_hints={"extrct": "List the number."}))
    assert problem.field == "starting_hints"
    assert "extract, write" in problem.message
    with pytest.raises(SpecError):
        runs.start(replace(TWO, starting_hints={"extrct": "List the number."}))


def test_a_replay_of_a_run_with_starting_hints_gives_them_again(runs):
    spec = replace(ONE, N=2, starting_hints={"answer": "Answer with one word."}, hint_test="test-1")
    first = run_to_end(runs, runs.start(spec))
    again = run_to_end(runs, runs.replay(first.run_id)).timeline
    assert [a.reward for a in again.attempts] == [a.reward for a in first.timeline.attempts]
    assert again.attempts[0].real_hints == {"answer": "Answer with one word."}
    assert again.spec.hint_test is None, "a replay is a run of its own"
