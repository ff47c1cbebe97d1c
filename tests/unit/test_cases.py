"""Cases: what is wanted of a score, the document, and what running them says."""

from __future__ import annotations

import datetime
import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.cases import (
    BAD,
    GOOD,
    UNSCORED,
    Case,
    CaseSet,
    between,
    exactly,
    fill_case,
    list_fields,
    list_labelled,
    maximum,
    minimum,
    read_cases,
    read_want,
    run_cases,
    write_cases,
)
from refine_core.cases.running import compare_scores
from refine_core.errors import RewardError
from refine_core.workbench import Row, RowError, RowScore, recognize

fast = settings(max_examples=50, deadline=None)
numbers = st.floats(-1e6, 1e6)
bounds = st.tuples(numbers, numbers).map(sorted)
wants = st.one_of(
    st.sampled_from([GOOD, BAD, UNSCORED]),
    numbers.map(exactly),
    numbers.map(minimum),
    numbers.map(maximum),
    bounds.map(lambda pair: between(*pair)),
)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False),
    st.text(st.characters()),
)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.tuples(inner, inner),
    ),
    max_leaves=6,
)
fields = st.dictionaries(st.text(min_size=1, max_size=6), values, max_size=3)
cases = st.builds(lambda a, b, c, want: Case("a case", a, b, c, want=want), fields, fields, fields, wants)


def case(name="a case", want=GOOD, **prediction):
    return Case(name, {"question": "?"}, prediction or {"answer": "Paris"}, {"answer": "Paris"}, want=want)


def row_score(value):
    if isinstance(value, RowError):
        return RowScore("", error=value)
    return RowScore("", value=value)


def states(pairs, threshold=None):
    """What becomes of cases, given as (want, score)."""
    some = CaseSet(tuple(case(str(i), want) for i, (want, _) in enumerate(pairs)))
    report = compare_scores(some, [row_score(value) for _, value in pairs], threshold=threshold)
    return [result.state for result in report.results]


# --- wants and the document ---


@given(wants)
@fast
def test_a_want_is_read_back_from_what_is_written_in_a_document(want):
    assert read_want(json.loads(json.dumps(want.to_json()))) == want


@pytest.mark.parametrize(
    ("written", "want"),
    [
        ("good", GOOD),
        (" Bad ", BAD),
        ("unscored", UNSCORED),
        (2.5, exactly(2.5)),
        (0, exactly(0)),
        ("= 2.50", exactly(2.5)),
        ("1e-3", exactly(0.001)),
        ("≥ 2", minimum(2)),
        ("at most .5", maximum(0.5)),
        ("<= -1", maximum(-1)),
        ("0.2 \N{EN DASH} 0.5", between(0.2, 0.5)),
        ("0.2 to 0.5", between(0.2, 0.5)),
        ({"min": 1}, minimum(1)),
        ({"min": 0, "max": 0.5}, between(0, 0.5)),
    ],
)
def test_a_want_may_be_written_as_people_write_it(written, want):
    assert read_want(written) == want


@pytest.mark.parametrize(
    "written",
    [
        "",
        "fine",
        "> 2",
        "0.5 to",
        "0.5 to 0.2",
        True,
        None,
        [],
        {},
        {"min": "1"},
        {"low": 1},
        math.nan,
        10**400,
    ],
)
def test_what_is_no_want_is_refused_in_words(written):
    with pytest.raises(ValueError, match=r"write good, bad|begins at|must be"):
        read_want(written)


def test_a_range_holds_its_ends_and_the_noise_of_binary_fractions():
    assert exactly(0.3).holds(0.1 + 0.2)
    assert between(0.2, 0.5).holds(0.2)
    assert between(0.2, 0.5).holds(0.5)
    assert not between(0.2, 0.5).holds(0.51)
    assert not minimum(0.5).holds(0.49)
    assert [minimum(2).text, maximum(0.5).text, exactly(2.5).text, between(0, 1).text] == [
        "≥ 2",
        "≤ 0.5",
        "= 2.5",
        "0 to 1",
    ]


@given(cases, st.none() | numbers)
@fast
def test_a_document_gives_back_every_case_as_it_was(one, threshold):
    some = CaseSet((one, replace(one, name="größer »als«")), threshold)
    text = write_cases(some)
    text.encode()
    assert repr(read_cases(text)) == repr(some)


def test_values_that_json_has_no_form_for_survive():
    value = {"when": datetime.date(2026, 1, 2), "price": Decimal("1.10"), "pair": (1, "a"), "nan": math.nan}
    back = read_cases(write_cases(CaseSet((case(**value),)))).cases[0].prediction
    assert repr(back) == repr(value)


def test_the_document_is_one_that_people_can_write():
    text = """{"cases": [
        {"want": "good", "prediction": {"answer": "Paris"}, "inputs": {"question": "Capital?"}},
        {"name": "nothing", "want": "<= 0.5", "prediction": "", "expected": "Paris"}
    ]}"""
    first, second = read_cases(text)
    assert (first.name, first.want, first.expected) == ("case 1", GOOD, {})
    assert (second.prediction, second.expected) == ({"text": ""}, {"expected": "Paris"})
    assert read_cases(json.dumps(json.loads(text)["cases"])) == CaseSet((first, second))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "nested too deep"),
        ("{}", 'cases are an object with a list "cases"'),
        ('{"version": 2, "cases": []}', "these cases have version 2; this Refinescope reads version 1"),
        ('{"threshold": "high", "cases": []}', '"threshold" must be a number, not text'),
        ('[{"want": "good"}]', 'case 1 has no "prediction"'),
        ('[{"prediction": "x"}]', 'case 1 has no "want"'),
        ('["x"]', "case 1 is text; a case is an object"),
        (
            '[{"want": "great", "prediction": "x", "name": "a"}]',
            'case 1, “a”: "want" is not clear: write good',
        ),
        ('[{"want": 1, "prediction": "x", "wanted": 1}]', "case 1 has “wanted”, which no case has"),
        ('[{"want": 1, "prediction": {"~such": 1}}]', 'case 1, “case 1”: "prediction" holds an object'),
        ('[{"want": 1, "prediction": "", "name": "a\\nb"}]', "a case's name must be one line"),
        (
            '[{"want": 1, "prediction": "", "name": "a"}, {"want": 1, "prediction": "b", "name": "a"}]',
            "two cases",
        ),
    ],
)
def test_a_document_that_is_wrong_says_where(text, sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        read_cases(text)


def test_the_same_output_is_pinned_once_and_a_taken_name_gets_a_number():
    some = CaseSet().add(case("nothing", answer="")).add(case("nothing", answer=" "))
    assert [one.name for one in some] == ["nothing", "nothing (2)"]
    again = some.add(case("other", BAD, answer=""))
    assert [(one.name, one.want) for one in again] == [("nothing", BAD), ("nothing (2)", GOOD)]
    assert [one.name for one in again.remove("nothing")] == ["nothing (2)"]
    with pytest.raises(ValueError, match="two cases are called"):
        some.change("nothing", case("nothing (2)"))
    odd = CaseSet().add(case("  a\n\x00 b " + "x" * 500)).cases[0].name
    assert odd.startswith("a b xxx")


# --- what running them says ---


def test_good_and_bad_are_compared_with_the_threshold():
    pairs = [(GOOD, 0.8), (GOOD, 0.79), (BAD, 0.79), (BAD, 0.8), (GOOD, None), (BAD, None)]
    assert states(pairs, 0.8) == ["passed", "failed", "passed", "failed", "failed", "passed"]


def test_without_a_threshold_good_and_bad_are_compared_with_each_other():
    assert states([(GOOD, 0.6), (GOOD, 0.9), (BAD, 0.5), (BAD, 0.1)]) == ["passed"] * 4
    assert states([(GOOD, 0.5), (GOOD, 0.9), (BAD, 0.5)]) == ["failed", "passed", "failed"]
    assert states([(GOOD, 0.5)]) == ["undecided"]
    assert states([(BAD, 0.5), (BAD, None), (GOOD, None)]) == ["undecided", "passed", "failed"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.5, 1.0])), max_size=6))
@fast
def test_all_pass_without_a_threshold_where_some_threshold_would_do(drawn):
    pairs = [(GOOD if good else BAD, value) for good, value in drawn]
    both = {want.kind for want, _ in pairs} == {"good", "bad"}
    limits = [0.0, 0.25, 0.75, 1.5]
    separable = any(set(states(pairs, limit)) <= {"passed"} for limit in limits)
    if both:
        assert (set(states(pairs)) == {"passed"}) == separable
    else:
        assert set(states(pairs)) <= {"undecided"}


def test_a_score_that_raises_fails_every_case_and_no_score_is_no_number():
    error = RowError("KeyError", "'answer'", 3)
    assert (
        states([(GOOD, error), (BAD, error), (UNSCORED, error), (maximum(1), error)], 0.5) == ["failed"] * 4
    )
    assert states([(UNSCORED, None), (UNSCORED, 0.0), (exactly(0), None)]) == ["passed", "failed", "failed"]


def test_a_report_says_in_words_what_was_wanted_and_what_came():
    some = CaseSet((case("a", GOOD), case("b", maximum(0.5)), case("c", BAD)), threshold=0.8)
    report = compare_scores(some, map(row_score, [0.7999, 2.5, RowError("KeyError", "'x'", 3)]))
    assert [(one.wanted, one.got) for one in report.results] == [
        ("good: ≥ 0.8", "0.7999"),
        ("≤ 0.5", "2.5"),
        ("bad: < 0.8", "line 3: KeyError: 'x'"),
    ]
    assert (report.text, report.ok) == ("3 of 3 cases fail.", False)
    assert compare_scores(CaseSet(some.cases[:1]), [row_score(None)]).text == "The case fails."
    assert compare_scores(CaseSet(some.cases[:1]), [row_score(1.0)]).text == "The case is undecided."
    loose = compare_scores(replace(some, threshold=None), map(row_score, [0.5, 0.25, 0.75]))
    assert [one.wanted for one in loose.results][::2] == [
        "good: > 0.75",
        "bad: < 0.5",
    ]
    first = loose.results[0].to_json()
    assert first["want"] == "good"
    assert (first["state"], first["passed"], first["value"], first["error"]) == ("failed", False, 0.5, None)


REFINE = """
def exact(args, pred):
    if pred.answer == "boom":
        return 1 / 0
    return None if pred.answer == "" else float(pred.answer == args["answer"])
"""
TRL = """
def ranked(completions, answer, **kwargs):
    return [len(completions) * (2.0 if text == gold else 0.5) for text, gold in zip(completions, answer)]
"""


def test_cases_run_in_the_worker_with_their_own_inputs():
    some = CaseSet(
        (
            case("right", exactly(1)),
            case("wrong", exactly(0), answer="Lyon"),
            case("nothing", UNSCORED, answer=""),
            case("crash", BAD, answer="boom"),
        )
    )
    report = run_cases(recognize(REFINE), some, threshold=0.5)
    assert [one.state for one in report.results] == ["passed", "passed", "passed", "failed"]
    assert report.results[3].got.startswith("line 4: ZeroDivisionError: division")
    assert report.text == "1 of 4 cases fails."


def test_a_batch_function_is_called_for_each_case_alone():
    some = [case("right", exactly(2)), case("wrong", exactly(0.5), answer="Lyon"), case("again", exactly(2))]
    report = run_cases(recognize(TRL), some)
    assert [one.value for one in report.results] == [2.0, 0.5, 2.0]
    assert report.text == "All 3 cases pass."


def test_no_case_needs_no_worker_and_a_broken_reward_has_its_own_error():
    assert run_cases("def f(", ()).text == "No output is pinned as a case yet."
    with pytest.raises(RewardError):
        run_cases(recognize("x = 1 / 0\n" + REFINE), [case()])


def test_a_case_whose_judge_was_not_asked_waits():
    source = 'def r(args, pred):\n    return judge("answer -> score: float", answer=pred.answer).score'
    report = run_cases(recognize(source), [case("a"), case("b", BAD)])
    assert [one.state for one in report.results] == ["waiting", "waiting"]
    assert (report.text, report.ok) == ("2 of 2 cases wait for the judge.", True)


def test_rows_with_a_label_become_cases_once():
    rows = [
        Row("1", {}, {"answer": "Paris"}, label="good"),
        Row("2", {}, {"answer": " "}, label="0"),
        Row("3", {}, {"answer": "x" * 90}, label="Correct"),
        Row("4", {}, {"answer": "Lyon"}, label="so so"),
        Row("5", {}, {"answer": "Nice"}),
    ]
    new = list_labelled(rows, CaseSet())
    assert [(one.name[:8], one.want) for one in new] == [
        ("Paris", GOOD),
        ("empty ou", BAD),
        ("xxxxxxxx", GOOD),
    ]
    pinned = CaseSet().add_all(new)
    assert list_labelled(rows, pinned) == []
    exact = CaseSet(tuple(replace(one, want=exactly(1)) for one in pinned))
    assert list_labelled(rows, exact) == [], "what a person said of a case stands"
    changed = [replace(rows[0], label="bad"), *rows[1:]]
    assert [one.want for one in list_labelled(changed, pinned)] == [BAD]
    assert [one.want for one in pinned.add_all(list_labelled(changed, pinned))] == [BAD, BAD, GOOD]


def test_a_case_that_is_typed_has_the_names_that_the_reward_reads():
    source = "def r(args, pred):\n    return float(pred.answer == args['gold']) * args.get('weight', 1) * len(pred['why'])\n"
    fields = list_fields(recognize(source), None)
    assert [(one.name, one.role) for one in fields] == [
        ("gold", "inputs"),
        ("weight", "inputs"),
        ("answer", "prediction"),
        ("why", "prediction"),
    ]
    typed = fill_case("", dict(zip(fields, ["Paris", "2", "", "[1, 2]"], strict=True)), GOOD)
    assert (typed.name, typed.inputs) == ("[1, 2]", {"gold": "Paris", "weight": 2})
    assert typed.prediction == {"answer": "", "why": [1, 2]}
    assert (
        run_cases(recognize(source), [replace(typed, prediction={"answer": "Paris", "why": "x"})])
        .results[0]
        .value
        == 2.0
    )


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(completions, answer, **kwargs): ...", ["expected", "output"]),
        ("def near(output, tolerance): ...", ["tolerance", "expected", "output"]),
        ("def get_assert(output, context): ...", ["expected", "output"]),
    ],
)
def test_a_typed_case_of_another_shape_has_an_output_and_what_was_expected(source, names):
    assert [one.name for one in list_fields(recognize(source), None)] == names


def test_a_typed_case_has_what_the_reward_reads_beside_what_the_last_one_has():
    source = "def r(args, pred):\n    return float(pred.answer == args['gold'])\n"
    like = case("a", GOOD, answer="")
    names = [one.name for one in list_fields(recognize(source), like)]
    assert names == ["question", "gold", "answer", "answer"]


def test_a_typed_case_is_like_the_one_that_is_there():
    fields = list_fields(None, Case("a", {"n": 2}, {"text": "x"}, {"gold": None}, want=GOOD))
    assert [(one.name, one.role, one.is_text) for one in fields] == [
        ("n", "inputs", False),
        ("gold", "expected", True),
        ("text", "prediction", True),
    ]
