"""N, threshold and fail_count are checked in one place, and are called the same wherever they are wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from refine_core import BestOfN, Plan, Predict, SpecError
from refine_core.programs import EXAMPLES, find_limit_problems
from refine_core.refine.build import find_problems
from refine_core.spec.limits import MAX_ATTEMPTS

LIMITS = {"n": 2, "threshold": 1.0, "fail_count": None}
WRONG = [
    *(("n", value) for value in (0, -1, 1.5, "2", True, None)),
    *(("threshold", value) for value in ("high", math.nan, [1])),
    *(("fail_count", value) for value in (-1, 0.5, "1", True)),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_the_library_a_plan_and_a_spec_say_the_same_of_a_wrong_limit(name, value):
    limits = {**LIMITS, name: value}
    expected = find_limit_problems(**limits)
    assert [problem.field for problem in expected] == ["N" if name == "n" else name]

    n, threshold, fail_count = limits.values()
    with pytest.raises(SpecError) as of_a_plan:
        Plan.of(n, 0.0, threshold, fail_count)
    with pytest.raises(SpecError) as of_the_library:
        BestOfN(Predict("q -> a"), n, lambda _, __: 1.0, threshold, fail_count)
    spec = replace(EXAMPLES["two_stages"].spec, N=n, threshold=threshold, fail_count=fail_count)
    assert list(of_a_plan.value.problems) == expected
    assert list(of_the_library.value.problems) == expected
    assert find_problems(spec) == expected


@pytest.mark.parametrize("threshold", [None, 0, -1.5, True, math.inf])
def test_the_library_takes_any_number_as_a_threshold(threshold):
    assert find_limit_problems(1, threshold, 0) == []


def test_the_app_sets_a_bound_to_attempts_and_draws_no_infinite_threshold():
    assert find_limit_problems(MAX_ATTEMPTS, 1.0, None, in_app=True) == []
    found = find_limit_problems(MAX_ATTEMPTS + 1, math.inf, None, in_app=True)
    assert [problem.field for problem in found] == ["N", "threshold"]
    assert find_limit_problems(MAX_ATTEMPTS + 1, math.inf, None) == []


def test_every_problem_is_found_at_once():
    assert [p.field for p in find_limit_problems(0, "x", -1)] == ["N", "threshold", "fail_count"]
