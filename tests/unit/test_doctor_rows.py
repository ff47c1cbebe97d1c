"""What the doctor finds on rows: errors, scores that tell nothing, labels, parts, feedback, scores that do not repeat."""

from __future__ import annotations

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor import examine
from refine_core.doctor.findings.parts import fit_weights
from refine_core.errors import RunCancelled
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row

LENGTH = "def reward(args, pred):\n    return float(len(pred.answer))"
WORDS = ("a", "bb", "ccc", "dddd", "eeeee", "ffffff")


def look_at(source: str, rows, **options):
    found = recognize(source)
    assert isinstance(found, Recognized)
    return examine(found, rows, **options)


def rows_of(*answers, expected=(), labels=(), groups=(), rewards=()):
    def pick(values, i):
        return values[i] if i < len(values) else None

    return [
        Row(
            str(i + 1),
            {"question": f"q{i}"},
            {"answer": answer},
            {} if pick(expected, i) is None else {"answer": expected[i]},
            group=pick(groups, i),
            label=pick(labels, i),
            reward=pick(rewards, i),
        )
        for i, answer in enumerate(answers)
    ]


def find(examination, kind):
    found = [one for one in examination.findings if one.code == kind]
    assert len(found) == 1, [one.code for one in examination.findings]
    return found[0]


def kinds(examination):
    return {one.code for one in examination.findings}


def test_errors_are_counted_by_kind_with_their_line():
    found = look_at("def reward(args, pred):\n    return 1 / (len(pred.answer) - 1)", rows_of("a", "bb", "b"))
    failing = find(found, "rows-fail")
    assert (failing.severity, failing.line) == ("warning", 2)
    assert failing.message.startswith("2 of 3 rows fail: ZeroDivisionError")


def test_a_reward_that_fails_on_every_row_is_an_error():
    assert (
        find(look_at("def reward(args, pred):\n    return 1 / 0", rows_of("a", "b")), "rows-fail").severity
        == "error"
    )


def test_none_is_a_warning_here_and_a_note_where_it_means_left_out():
    refine = "def reward(args, pred):\n    x = {'a': 1.0}\n    return x.get(pred.answer)"
    trl = "def reward(completions, **kwargs):\n    return [{'a': 1.0}.get(c) for c in completions]"
    assert find(look_at(refine, rows_of("a", "b")), "rows-unscored").severity == "warning"
    assert find(look_at(trl, rows_of("a", "b")), "rows-unscored").severity == "note"


def test_one_score_for_all_outputs_is_a_warning_unless_probes_differ():
    always = look_at("def reward(args, pred):\n    return 0.0", rows_of("a", "b", "c"))
    assert find(always, "constant").severity == "warning"
    exact = "def reward(args, pred):\n    return float(pred.answer == args['answer'])"
    all_right = look_at(exact, rows_of("a", "b", "c", expected=("a", "b", "c")))
    assert find(all_right, "constant").severity == "note"


def test_a_threshold_that_some_row_reaches_is_no_finding():
    assert "unreachable-threshold" not in kinds(look_at(LENGTH, rows_of(*WORDS), threshold=6.0))
    assert (
        find(look_at(LENGTH, rows_of(*WORDS), threshold=10_000), "unreachable-threshold").severity
        == "warning"
    )


def test_a_sum_of_decimals_that_falls_short_of_a_threshold_is_found():
    source = "def reward(args, pred):\n    return 0.7 * (pred.answer != 'a') + 0.2 * (len(pred.answer) > 1) + 0.1 * ('c' in pred.answer)"
    rows = rows_of("a", "bb", "ccc")
    assert find(look_at(source, rows), "short-by-rounding").severity == "note"
    found = look_at(source, rows, threshold=1.0)
    assert find(found, "short-by-rounding").severity == "warning"
    assert "unreachable-threshold" not in kinds(found)
    rounded = source.replace("return ", "return round(") + ", 6)"
    assert "short-by-rounding" not in kinds(look_at(rounded, rows, threshold=1.0))


def test_groups_without_spread_are_counted():
    rows = rows_of("a", "b", "cc", "dd", "e", "ff", groups=("1", "1", "2", "2", "3", "3"))
    found = look_at(LENGTH, rows)
    assert find(found, "groups-without-spread").message.startswith("2 of 3 groups have one score")
    assert (found.statistics.groups, found.statistics.groups_without_spread) == (3, 2)


def test_agreement_with_labels_stands_beside_the_constant_guess():
    rows = rows_of(*WORDS, labels=("good", "good", "good", "good", "bad", "bad"))
    found = look_at(LENGTH, rows)
    against = find(found, "against-labels")
    assert against.severity == "warning"
    assert against.message.startswith("Every bad row scores more than every good one. ")
    assert "the same answer for every row would agree with 67%" in against.message
    assert any("labelled bad" in one for one in against.evidence)
    assert found.statistics.labels.auc == 0.0


def test_labels_that_the_reward_follows_are_no_finding():
    rows = rows_of(*WORDS, labels=("bad", "bad", "bad", "bad", "good", "good"))
    found = look_at(LENGTH, rows, threshold=2.0)
    assert "against-labels" not in kinds(found)
    assert (found.statistics.labels.best_threshold, found.statistics.labels.best_youden) == (
        5.0,
        1.0,
    )
    assert "threshold of 5" in find(found, "better-threshold").message


def test_feedback_that_quotes_the_expected_answer_is_named():
    source = "def reward(args, pred):\n    return Score(float(pred.answer == args['answer']), f\"expected {args['answer']}\")"
    told = find(look_at(source, rows_of("Lyon", expected=("Paris",))), "feedback-quotes-answer")
    assert told.severity == "warning"
    assert "“expected Paris”" in told.evidence[0]
    assert "feedback-quotes-answer" not in kinds(look_at(source, rows_of("Paris", expected=("Paris",))))


def test_a_part_that_is_always_the_same_is_named():
    source = "def reward(args, pred):\n    right = float(pred.answer == args['answer'])\n    return Score(right + 1, parts={'right': right, 'polite': 1.0})"
    found = look_at(source, rows_of(*WORDS, expected=WORDS[:1] * 6))
    assert "polite is 1.00 whatever the output is" in find(found, "part-never-varies").message


def test_format_that_weighs_less_than_correctness_drowns_nothing():
    source = "def reward(args, pred):\n    right, brief = float(pred.answer == args['answer']), float(len(pred.answer) < 4)\n    return Score(2 * right + brief, parts={'right': right, 'brief': brief})"
    assert "part-drowned" not in kinds(look_at(source, rows_of(*WORDS, expected=WORDS)))


def test_weights_of_parts_are_found_where_the_value_is_their_sum():
    scores = [
        (0.9 * a + 0.1 * b + 2, {"a": a, "b": b}) for a, b in ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.2))
    ]
    assert fit_weights(scores, ["a", "b"]) == pytest.approx({"a": 0.9, "b": 0.1})
    assert fit_weights([(value**2, parts) for value, parts in scores], ["a", "b"]) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("not-deterministic", "import random\ndef reward(args, pred):\n    return random.random()"),
        ("depends-on-earlier-rows", "seen = []\ndef reward(args, pred):\n    seen.append(pred.answer)\n    return float(len(seen))"),
        ("depends-on-hash-seed", "def reward(args, pred):\n    return float([*{'one', 'two', 'three', 'four', 'five'}].index('one'))"),
    ],
)  # fmt: skip
def test_scores_that_do_not_repeat_are_found_and_told_apart(kind, source):
    told = find(look_at(source, rows_of(*WORDS)), kind)
    assert told.severity == "warning"
    assert told.evidence


def test_a_row_on_which_the_reward_hangs_is_not_scored_again():
    source = "def reward(args, pred):\n    while args['q'] != 'easy':\n        pass\n    return 1.0"
    rows = [Row(str(i), {"q": q}, {"answer": "a"}, {"answer": "b"}) for i, q in enumerate(("hard", "easy"))]
    some = look_at(source, rows, timeout_s=0.2)
    assert (some.statistics.failed, some.statistics.same_when_repeated) == (1, True)
    assert {"rows-fail"} <= kinds(some)
    assert not {"slow", "hangs-on-text", "not-deterministic"} & kinds(some)
    every = look_at(source, rows[:1], timeout_s=0.2)
    assert (every.statistics.same_when_repeated, every.probes) == (None, ())


def test_where_no_row_has_a_score_none_is_called_the_same_again():
    found = look_at("def reward(args, pred):\n    return float(pred.anser)", rows_of("a", "b"))
    assert found.statistics.same_when_repeated is None


def test_how_far_a_part_moves_the_score_is_rounded():
    source = (
        "from refine_core import Score\ndef reward(args, pred):\n"
        "    parts = {'correct': float(pred.to == args['to']), 'words': len(pred.answer.split())}\n"
        "    return Score(sum(parts.values()), parts=parts)"
    )
    rows = [
        Row(
            str(i),
            {"to": "Ann", "topic": "lunch"},
            {"to": to, "answer": "word " * n},
            label="good" if not i else None,
        )
        for i, (to, n) in enumerate((("Ann", 12), ("Bob", 28), ("Ann", 4), ("Eve", 18)))
    ]
    message = find(look_at(source, rows), "part-drowned").message
    assert message.endswith("correct by 1.00.")


def test_an_input_may_hold_the_right_answer():
    source = "def reward(args, pred):\n    return float(float(pred.amount) == args['amount_due'])"
    rows = [
        Row(str(i), {"amount_due": due}, {"amount": f"{due:g}"}, {"amount": f"{due:g}"})
        for i, due in enumerate((1250.0, 99.5, 18.0))
    ]
    assert "ignores-expected" not in kinds(look_at(source, rows))


def test_a_function_that_looks_at_its_batch_is_found():
    source = (
        "def reward(completions, **kwargs):\n    return [len(c) - len(completions[0]) for c in completions]"
    )
    assert (
        "another score alone than among others"
        in find(look_at(source, rows_of(*WORDS)), "depends-on-batch").message
    )


def test_recorded_rewards_of_a_judge_that_differ_for_one_output_are_found():
    source = (
        "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer)['score']"
    )
    rows = [
        Row(str(i), {"q": "?"}, {"answer": "Paris"}, reward=reward) for i, reward in enumerate((0.4, 0.9))
    ]
    assert find(look_at(source, rows), "recorded-wobble").evidence == ("row 0: 0.40, row 1: 0.90",)


def test_an_examination_can_be_cancelled():
    cancel = Cancel()

    def stop(_done: int, _total: int) -> None:
        cancel.set()

    with pytest.raises(RunCancelled):
        look_at(LENGTH, rows_of(*WORDS), on_progress=stop, cancel=cancel)


def test_line_breaks_that_alone_cost_the_score_are_found():
    source = 'import re\ndef reward(args, pred):\n    return float(bool(re.match(r"<think>.*</think><answer>.*</answer>", pred.answer)))'
    one_line = "<think>easy</think><answer>4</answer>"
    for answer in (one_line, "<think>not\nso easy</think><answer>4</answer>"):
        found = look_at(source, rows_of(answer))
        assert find(found, "one-line-pattern").severity == "warning"
        assert "with one line break more" in find(found, "one-line-pattern").evidence[0]
        assert "line-break-costs" not in kinds(found)  # one fault stands there once
        assert found.verdict.startswith("Line 3: “.” stops at a line break")


def test_a_reward_that_wants_one_line_may_mean_it():
    source = "def reward(args, pred):\n    return float('\\n' not in pred.answer)"
    assert find(look_at(source, rows_of("a\nb")), "line-break-costs").severity == "note"


def test_a_score_that_follows_the_length_is_found():
    source = "def reward(args, pred):\n    return min(1.0, len(pred.answer) / 40)"
    rows = rows_of("a", "bb bb", "ccc ccc ccc", "dddd dddd dddd dddd", "eeeee eeeee eeeee eeeee eeeee")
    assert "rank correlation 1.00" in find(look_at(source, rows), "follows-length").message


def test_without_rows_the_source_is_loaded_all_the_same():
    found = look_at("import no_such_package\ndef reward(args, pred):\n    return 1.0", ())
    assert found.has_error
    assert "no_such_package" in found.findings[0].message


def test_of_very_many_rows_the_first_ones_are_looked_at(monkeypatch):
    monkeypatch.setattr("refine_core.doctor.examining.MAX_ROWS", 3)
    found = look_at(LENGTH, rows_of(*WORDS))
    assert find(found, "rows-left-out").severity == "note"
    assert found.statistics.rows == 3


def test_a_best_score_that_several_outputs_share_is_noted():
    answers = [word for _ in range(4) for word in ("a", "bb", "cc")]
    rows = rows_of(*answers, groups=[str(i // 3) for i in range(12)])
    assert find(look_at(LENGTH, rows), "tied").message.startswith("In 4 of 4 groups")


@pytest.mark.parametrize(("label", "kind"), [("bad", "paid-bad-row"), ("good", "refused-good-row")])
def test_labels_of_one_kind_are_compared_with_the_right_answer(label, kind):
    source = "def reward(args, pred):\n    return float(args['answer'] in pred.answer)"
    answer = "not Paris" if label == "bad" else "the city of light"
    found = look_at(source, rows_of(answer, expected=("Paris",), labels=(label,)))
    assert find(found, kind).severity == "warning"


def test_none_for_wrong_texts_is_a_note_where_none_is_a_word():
    refine = "def reward(args, pred):\n    return {args['answer']: 1.0}.get(pred.answer)"
    trl = "def reward(completions, answer, **kwargs):\n    return [{a: 1.0}.get(c) for c, a in zip(completions, answer)]"
    assert find(look_at(refine, rows_of("a", expected=("a",))), "unscored-text").severity == "warning"
    row = Row("1", {"prompt": "?"}, {"completion": "a"}, {"answer": "a"})
    assert find(look_at(trl, [row]), "unscored-text").severity == "note"


def test_feedback_that_quotes_an_expected_input_is_named_too():
    source = "def reward(args, pred):\n    right = pred.answer == args['answer']\n    return Score(float(right), feedback='' if right else f\"Expected {args['answer']}\")"
    rows = [Row("1", {"question": "Capital?", "answer": "Paris"}, {"answer": "Lyon"}, {"answer": "Paris"})]
    assert find(look_at(source, rows), "feedback-quotes-answer").severity == "warning"
    told = [Row("1", {"question": "Paris or Lyon?", "answer": "Paris"}, {"answer": "Lyon"})]
    assert "feedback-quotes-answer" not in kinds(look_at(source, told))


def test_a_swallowed_error_that_refuses_a_right_answer_is_a_warning():
    source = "def reward(args, pred):\n    try:\n        return float(int(pred.answer) == int(args['answer']))\n    except Exception:\n        return 0.0"
    rows = [Row("1", {"answer": "1250"}, {"answer": "1250"}), Row("2", {"answer": "7"}, {"answer": "8"})]
    assert find(look_at(source, rows), "swallowed").severity == "warning"
    assert "1,250" in find(look_at(source, rows), "swallowed").evidence[0]


def test_scores_that_differ_in_the_third_decimal_are_told_apart():
    source = "SEEN = []\ndef reward(args, pred):\n    SEEN.append(1)\n    return 0.5 + len(SEEN) / 10_000"
    (evidence, *_) = find(look_at(source, rows_of("a", "bb")), "depends-on-earlier-rows").evidence
    first, then = evidence.rpartition("scores ")[2].split(", then ")
    assert first != then


def test_without_a_right_answer_the_verdict_compares_with_the_best_row():
    found = look_at(
        "def reward(args, pred):\n    return 1 / (1 + pred.answer.count('!'))",
        rows_of("So be it.", "No!", "Wow!!"),
    )
    assert found.verdict == (
        "An empty output and a text that does not answer score about as much as the best row. "
        "Whether that is wrong, a right answer would tell."
    )
    assert not found.has_warning


def test_a_verdict_that_ends_with_a_question_has_no_full_stop_behind_it():
    found = look_at("def reward(args, pred):\n    scored = 1.0\n    return scorde", rows_of("a"))
    assert "Did you mean 'scored'? " in f"{found.verdict} "


def test_what_is_paid_and_refused_comes_before_the_labels_in_the_verdict():
    judged = [("Paris", "Paris", "good"), ("Lyon", "Rome", "bad"), ("", "Berlin", "bad")]
    judged += [("Madrid", "Madrid", "good"), ("1,250", "1250", "good"), ("12", "1250", "bad")]
    rows = [
        Row(str(i), {"answer": right}, {"answer": answer}, {"answer": right}, label=label)
        for i, (answer, right, label) in enumerate(judged)
    ]
    found = look_at("def reward(args, pred):\n    return float(pred.answer in args['answer'])", rows)
    assert find(found, "against-labels").severity == "warning"
    assert found.verdict.index("paid") < found.verdict.index("A good row scores more than a bad one")
    assert "of the labels" not in found.verdict  # its figures stand with the rows


def test_a_reward_that_keeps_what_earlier_calls_left_is_told_so_first():
    found = look_at(
        "seen = []\ndef reward(args, pred):\n    seen.append(1)\n    return float(len(seen))\n",
        rows_of("a", "b", "c"),
    )
    assert "the reward keeps what earlier calls left" in found.verdict.partition(". ")[0]
