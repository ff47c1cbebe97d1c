"""The rewards to start from: each passes its own cases, and neither reading nor probing finds anything wrong with it."""

from __future__ import annotations

import json

import pytest

from refine_core.cases import read_cases
from refine_core.doctor import examine
from refine_core.rewards.checks import Fields, check_reward
from refine_core.rewards.shapes import recognize
from refine_core.starter_rewards import STARTERS, list_starters

each = pytest.mark.parametrize("starter", list_starters(), ids=lambda one: one.key)
NO_EXPECTED = (
    "regex",
    "json_object",
    "json_schema",
    "word_range",
    "code_parses",
    "judge_rubric",
    "weighted_parts",
)


@each
def test_a_starter_passes_its_cases_and_has_no_error_or_warning(starter):
    examination = examine(recognize(starter.source), cases=read_cases(starter.cases))
    assert [one for one in examination.findings if one.severity != "note"] == []
    assert [(one.case.name, one.state) for one in examination.cases.results if one.state != "passed"] == []
    assert len(examination.cases.results) >= 2


@each
def test_reading_a_starter_finds_not_even_a_note(starter):
    fields = Fields({"question": str, "answer": str}, {"answer": str})
    assert check_reward(starter.source, None, fields) == ()


@each
def test_the_cases_of_a_starter_hold_an_empty_output_that_is_not_paid(starter):
    empty = [case for case in read_cases(starter.cases) if not str(case.prediction["answer"]).strip()]
    assert empty
    assert all(case.want.kind == "bad" or case.want.high == 0 for case in empty)


@each
def test_a_starter_for_another_output_reads_that_one(starter):
    other = next(one for one in list_starters("summary") if one.key == starter.key)
    assert "pred.answer" not in other.source
    assert other.source.count("pred.summary") == starter.source.count("pred.answer") > 0
    before, after = (json.loads(one.cases)["cases"] for one in (starter, other))
    assert [case["prediction"]["answer"] for case in before] == [
        case["prediction"]["summary"] for case in after
    ]
    assert [case.get("expected") for case in before] == [case.get("expected") for case in after]


def test_a_starter_is_short_and_says_what_it_does():
    for starter in list_starters():
        assert len(starter.source.splitlines()) <= 45
        assert '    """' in starter.source
        assert ('args["answer"]' in starter.source) is (starter.key not in NO_EXPECTED)
    assert len(STARTERS) == len({title for _, title, _ in STARTERS}) == 14
