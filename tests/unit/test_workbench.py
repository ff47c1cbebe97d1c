"""The workbench: rows scored, summed up, in the background; rewards kept under a name."""

import threading

import pytest

from refine_core import runs, workbench
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError, RunCancelled, SpecError
from refine_core.programs import EXAMPLES, ModelSpec
from refine_core.workbench import (
    ArgumentQuestion,
    JudgeSpec,
    KeptJobs,
    Reading,
    Row,
    Scores,
    SelfTest,
    asks_judge,
    estimate_calls,
    keeps_reward,
    list_columns,
    probe_isolation,
    read_reward_source,
    score_rows,
)

ROWS = [Row(str(i), {"limit": 2}, {"text": "word " * i}, group="all") for i in range(1, 5)]
COUNT = "def reward(args, pred):\n    return len(pred.text.split()) / args['limit']\n"


@pytest.fixture
def _own_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def test_each_row_gets_the_reward_of_its_own_values():
    scores = score_rows(ROWS, COUNT)
    assert [row.value for row in scores.rows] == [0.5, 1.0, 1.5, 2.0]
    assert [row.id for row in scores.rows] == ["1", "2", "3", "4"]
    assert (scores.summary.mean, scores.summary.low, scores.summary.high) == (1.25, 0.5, 2.0)


def test_a_row_that_fails_does_not_keep_others_from_their_scores():
    scores = score_rows(ROWS, "def reward(args, pred):\n    return 1 / (len(pred.text.split()) - 2)\n")
    assert [row.state for row in scores.rows] == ["scored", "failed", "scored", "scored"]
    (error,) = scores.summary.errors
    assert (error.error.type, error.error.line, error.count, error.first_row) == (
        "ZeroDivisionError",
        2,
        1,
        1,
    )


def test_a_reward_sees_what_is_expected_among_its_inputs():
    rows = [Row("1", {"question": "?"}, {"answer": "Paris"}, {"gold": "Paris"})]
    scores = score_rows(rows, "def reward(args, pred):\n    return args['gold'] == pred.answer\n")
    assert scores.rows[0].value == 1.0


def test_a_reward_that_cannot_be_loaded_scores_no_row():
    with pytest.raises(RewardError) as raised:
        score_rows(ROWS, "import nothing_like_it\ndef reward(args, pred):\n    return 1\n")
    assert raised.value.line == 1


def test_scoring_is_cancelled_between_two_rows():
    cancel = Cancel()
    slow = "def reward(args, pred):\n    return float(sum(range(20_000_000)))\n"
    with pytest.raises(RunCancelled):
        score_rows(ROWS * 50, slow, on_progress=lambda *_: cancel.set(), cancel=cancel)


def test_no_state_passes_from_one_scoring_to_the_next():
    code = "seen = []\ndef reward(args, pred):\n    seen.append(1)\n    return len(seen)\n"
    assert [row.value for row in score_rows(ROWS, code).rows] == [
        row.value for row in score_rows(ROWS, code).rows
    ]


def test_the_same_scoring_is_done_once_whoever_asks():
    jobs, done = KeptJobs(), []

    def work(progress, cancel):
        done.append(1)
        return score_rows(ROWS, COUNT, on_progress=progress, cancel=cancel)

    first = jobs.start("key", work)
    assert first.wait(30)
    assert jobs.start("key", work) is first
    assert len(done) == 1


def test_a_scoring_in_the_background_counts_and_is_cancelled():
    jobs, counted = KeptJobs(), threading.Event()

    def work(progress, cancel):
        progress(120, 480)
        counted.set()
        cancel.sleep(60)
        return Scores(())

    scoring = jobs.start("key", work)
    assert counted.wait(30)
    assert (scoring.done, scoring.total, scoring.running) == (120, 480, True)
    scoring.cancel()
    assert scoring.wait(30)
    assert scoring.cancelled
    assert scoring.result is None


def test_a_cancelled_scoring_is_begun_anew_by_whoever_asks_again():
    jobs = KeptJobs()
    first = jobs.start("key", lambda _, cancel: cancel.sleep(60))
    first.cancel()
    assert first.wait(30)
    second = jobs.start("key", lambda *_: Scores(()))
    assert second.wait(30)
    assert second.result.rows == ()


JUDGED = """
def reward(args, pred):
    try:
        return judge("text -> points: float", text=pred.text)["points"]
    except Exception:
        return -1.0
"""


def test_a_reward_that_asks_a_judge_waits_until_a_person_allows_it():
    judge = JudgeSpec(ModelSpec(), seed=7)
    first = score_rows(ROWS, JUDGED, judge=judge)
    assert {row.state for row in first.rows} == {"waiting"}, "though the reward catches every error"
    assert (first.judge_calls, first.summary.waiting, first.summary.scored) == (0, 4, 0)
    asked = score_rows(ROWS, JUDGED, judge=judge, ask_judge=True)
    assert (asked.judge_calls, asked.summary.waiting) == (4, 0)


def test_a_judge_is_asked_once_and_then_typing_knows_the_answer():
    judge = JudgeSpec(ModelSpec(), seed=8)
    asked = score_rows(ROWS, JUDGED, judge=judge, ask_judge=True)
    assert score_rows(ROWS, JUDGED, judge=judge, ask_judge=True).judge_calls == 0
    typed = score_rows(ROWS, JUDGED.replace("-1.0", "-2.0"), judge=judge)
    assert [row.value for row in typed.rows] == [row.value for row in asked.rows]
    assert typed.judge_calls == 0
    other = score_rows(ROWS, JUDGED, judge=JudgeSpec(ModelSpec(), seed=9))
    assert other.summary.waiting == 4, "the answers of one judge are not another's"


def test_what_a_judge_would_cost_is_known_before_it_is_asked():
    recognized = read_reward_source(JUDGED, Reading())
    practice = estimate_calls(recognized, 4, JudgeSpec(ModelSpec()), [])
    assert practice.text == "Re-score: up to 4 calls, free"
    unknown = estimate_calls(recognized, 4, JudgeSpec(ModelSpec("litellm", "openai/gpt-4o-mini")), [])
    assert unknown.text == "Re-score: up to 4 calls, cost unknown"


def test_a_function_that_is_called_judge_asks_nobody():
    source = "def judge(output, expected):\n    return output == expected\n"
    assert not asks_judge(read_reward_source(source, Reading()))
    assert asks_judge(read_reward_source(JUDGED, Reading()))


@pytest.mark.usefixtures("_own_runs")
def test_saving_again_adds_a_version_and_keeps_those_before():
    workbench.save_reward("short", COUNT)
    saved = workbench.save_reward("short", COUNT + "# more\n")
    assert [one.number for one in saved.versions] == [1, 2]
    assert workbench.read_reward("short") == saved
    assert list(workbench.list_rewards()) == ["short"]
    pieces = workbench.compare_versions(*saved.versions).pieces
    assert [piece.kind for piece in pieces] == ["same", "added"]


@pytest.mark.usefixtures("_own_runs")
def test_what_equals_the_latest_version_is_not_saved_twice():
    workbench.save_reward("short", COUNT)
    assert len(workbench.save_reward("short", COUNT).versions) == 1


@pytest.mark.usefixtures("_own_runs")
@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 81])
def test_a_name_that_cannot_be_used_saves_nothing(name):
    with pytest.raises(SpecError):
        workbench.save_reward(name, COUNT)
    assert workbench.list_rewards() == {}


@pytest.mark.usefixtures("_own_runs")
def test_a_removed_reward_can_be_put_back():
    saved = workbench.save_reward("short", COUNT)
    assert workbench.remove_reward("short") == saved
    assert workbench.list_rewards() == {}
    workbench.restore_reward(saved)
    assert workbench.read_reward("short") == saved


@pytest.mark.usefixtures("_own_runs")
def test_rows_that_were_kept_come_back_as_they_were():
    source = workbench.keep_rows("pasted", ROWS)
    assert tuple(workbench.load_source(source.ref).rows) == tuple(ROWS)
    assert workbench.keep_rows("pasted", ROWS).ref == source.ref
    assert workbench.load_source("set:nowhere") is None
    assert workbench.load_source("neither") is None


TRL = """
def correct(completions, answer, **kwargs):
    return [1.0 if text == gold else 0.0 for text, gold in zip(completions, answer)]

def short(completions, **kwargs):
    return [None if not text else len(text) / 10 for text in completions]
"""


def test_functions_of_another_framework_are_parts_with_weights():
    rows = [
        Row("1", {"prompt": "?"}, {"text": "4"}, {"answer": "4"}),
        Row("2", {"prompt": "?"}, {"text": "five"}, {"answer": "4"}),
    ]
    reading = Reading(weights={"correct": 2.0, "short": 1.0})
    scores = score_rows(rows, read_reward_source(TRL, reading, list_columns(rows)))
    assert scores.shape == "trl"
    assert scores.functions == {"correct": 2.0, "short": 1.0}
    assert scores.rows[0].parts == {"correct": 1.0, "short": 0.1}
    assert scores.rows[0].value == pytest.approx(2.1)


def test_what_names_do_not_tell_is_asked_and_answered():
    source = "def judge(text, truth, meta):\n    return (text == truth) * meta['points']\n"
    rows = [Row("1", {"points": 3}, {"output": "yes"}, {"expected": "yes"})]
    question = read_reward_source(source, Reading(), list_columns(rows))
    assert isinstance(question, ArgumentQuestion)
    told = Reading(arguments={"text": "output", "truth": "expected", "meta": "inputs"})
    scores = score_rows(rows, read_reward_source(source, told, list_columns(rows)))
    assert scores.rows[0].value == 3.0
    with pytest.raises(RewardError) as raised:
        score_rows(rows, source)
    assert raised.value.type_name == "ArgumentsUnknown"


def test_a_reward_of_a_run_stays_one_while_its_header_does():
    assert keeps_reward(COUNT, COUNT.replace("return", "return 2 *"))
    assert keeps_reward(COUNT, "def reward(args, pred):\n    return (")
    assert not keeps_reward(COUNT, TRL)


@pytest.mark.usefixtures("_own_runs")
def test_a_version_knows_the_runs_that_used_its_very_source():
    used = runs.start(EXAMPLES["one_word"].spec)
    runs.join(used, 60)
    saved = workbench.save_reward("word", EXAMPLES["one_word"].spec.reward)
    saved = workbench.save_reward("word", COUNT)
    assert workbench.list_uses(saved) == {1: [used]}


def test_isolation_is_what_was_tried_and_not_what_is_hoped_for():
    found = probe_isolation()
    held = "seccomp" in found.confinement
    assert found.profile == ("sandboxed" if held and not found.leaks else "separate process")
    assert found.problem == ""


def test_the_self_test_runs_once_and_waits_for_nobody():
    test = SelfTest()
    assert test.result(0.0) is None
    found = test.result(30)
    assert found is not None
    assert test.result() is found


@pytest.mark.usefixtures("_own_runs")
def test_cases_are_kept_with_a_version_and_other_cases_make_no_new_one():
    workbench.save_reward("short", COUNT, cases="first")
    saved = workbench.save_reward("short", COUNT, cases="second")
    assert [(one.number, one.cases) for one in saved.versions] == [(1, "second")]
    saved = workbench.save_reward("short", COUNT + "# more\n")
    assert [(one.number, one.cases) for one in saved.versions] == [(1, "second"), (2, "second")]
    assert workbench.read_reward("short") == saved
