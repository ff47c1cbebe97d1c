"""How much a judge wobbles: asked several times over HTTP, anew each time, with the price before and a cancel in between."""

from __future__ import annotations

import itertools
import math

import pytest

from refine_core import runs
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RunCancelled
from refine_core.spec import ModelSpec
from refine_core.workbench import (
    JudgeSpec,
    Rejudged,
    Row,
    estimate_rejudging,
    judge_repeatedly,
    recognize,
    score_rows,
)
from tests.openai_server import OpenAIServer, status

JUDGED = 'def r(args, pred):\n    return judge("answer -> score: float", answer=pred.answer).score\n'
ROWS = [Row(str(i), {"question": "?"}, {"answer": f"answer {i}"}) for i in range(2)]


@pytest.fixture(autouse=True)
def _own_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def model_at(server, **fields):
    return ModelSpec("litellm", "openai/tiny", api_base=server.url, reply_format="chat", retries=0, **fields)


def reply(score):
    return f"[[ ## score ## ]]\n{score}\n\n[[ ## completed ## ]]"


def moods(*scores):
    """A judge that says another score each time, over and over."""
    said = itertools.cycle(scores)
    return lambda _body: reply(next(said))


def test_each_time_is_a_new_question_although_it_is_the_same():
    with OpenAIServer(default=moods(0.4, 0.9, 0.6, 0.9)) as server:  # rows 1 and 2, in turn
        judge = JudgeSpec(model_at(server))
        again = judge_repeatedly(ROWS, recognize(JUDGED), judge, times=4)
        assert len(server.requests) == 8
        assert all("rollout_id" not in request.json for request in server.requests)
        once_more = judge_repeatedly(ROWS, recognize(JUDGED), judge, times=4)
        assert (len(server.requests), once_more.calls) == (8, 0), "what was judged is kept"
        score_rows(ROWS, JUDGED, judge=judge, ask_judge=True)
        assert len(server.requests) == 10, "the score of a row is an answer of its own"
    assert again.scores == once_more.scores == ((0.4, 0.6, 0.4, 0.6), (0.9, 0.9, 0.9, 0.9))
    assert (again.calls, again.failures, again.stopped) == (8, {}, False)
    wobble = again.wobble(0.5)
    assert wobble.deviations == (pytest.approx(math.sqrt(0.04 / 3)), 0.0)
    assert wobble.crossing == 0.5
    assert again.describe(0.5) == (
        "The scores of one output differ by 0.06 on average (standard deviation). "
        "1 of 2 rows crosses the threshold 0.5 from one time to the next."
    )
    assert "No row crosses the threshold 0.95" in again.describe(0.95)


def test_a_judge_that_never_wavers_is_said_to_be_so():
    with OpenAIServer(default=reply(0.5)) as server:
        again = judge_repeatedly(ROWS, recognize(JUDGED), JudgeSpec(model_at(server)), times=3)
    assert again.describe(0.5) == (
        "The judge gave each row the same score every time. All rows got 0.50: it does not tell them apart."
    )
    assert again.wobble(0.5).crossing == 0.0


def test_a_wobble_that_is_wider_than_what_tells_rows_apart_is_said_to_be_so():
    noisy = Rejudged(((0.3, 0.9, 0.6), (0.5, 0.6, 0.4)), 3)
    assert noisy.wobbles
    assert noisy.headline() == "The judge wobbles: the same output got 0.30 one time and 0.90 another."
    assert "The averages of the rows differ by 0.07, which is no more than that" in noisy.describe()
    clear = Rejudged(((0.1, 0.2), (0.8, 0.9)), 2)
    assert "averages" not in clear.describe()
    for steady in (Rejudged(((0.5, 0.5), (0.7, 0.7)), 2), Rejudged(((math.inf, math.inf),), 2)):
        assert not steady.wobbles
        assert "wobbles" not in steady.headline()


def test_what_was_judged_before_a_cancel_stays():
    cancel = Cancel()
    with OpenAIServer(default=moods(0.4, 0.6, 0.9)) as server:

        def stop_after_five(done, total):
            assert total == 20
            if done == 5:
                cancel.set()

        judge = JudgeSpec(model_at(server))
        again = judge_repeatedly(
            ROWS, recognize(JUDGED), judge, times=10, on_progress=stop_after_five, cancel=cancel
        )
        assert again.stopped
        assert sum(map(len, again.scores)) == len(server.requests) == 5
        stopped = Cancel()
        stopped.set()
        with pytest.raises(RunCancelled):
            judge_repeatedly(ROWS, recognize(JUDGED), JudgeSpec(model_at(server), 7), times=2, cancel=stopped)
    assert "differ by" in again.describe(None)


def test_a_call_that_fails_is_counted_and_leaves_the_others():
    with OpenAIServer(default=reply(0.5)) as server:
        server.script(reply(0.25), status(500, "out of order"))
        again = judge_repeatedly(ROWS, recognize(JUDGED), JudgeSpec(model_at(server)), times=2)
    assert [len(scores) for scores in again.scores] == [2, 1]
    ((message, count),) = again.failures.items()
    assert (count, "out of order" in message) == (1, True)


def test_nothing_is_said_of_rows_that_were_judged_once():
    with OpenAIServer(default=reply(0.5)) as server:
        again = judge_repeatedly(ROWS, recognize(JUDGED), JudgeSpec(model_at(server)), times=1)
    assert again.describe(0.5).startswith("No row has two scores yet")
    with pytest.raises(ValueError, match="1 to 50 times, not 0"):
        judge_repeatedly(ROWS, recognize(JUDGED), JudgeSpec(ModelSpec()), times=0)


def test_the_price_is_known_before_and_asks_nobody():
    with OpenAIServer(default=reply(0.5)) as server:
        judge = JudgeSpec(model_at(server, price_in_usd=10.0, price_out_usd=100.0))
        estimate = estimate_rejudging(recognize(JUDGED), ROWS, judge, 5, ())
        assert estimate.price == "up to 10 calls, about $0.076"
        unknown = estimate_rejudging(recognize(JUDGED), ROWS, JudgeSpec(model_at(server)), 5, ())
        assert unknown.price == "up to 10 calls, cost unknown"
        assert estimate_rejudging(recognize(JUDGED), ROWS, JudgeSpec(ModelSpec()), 5, ()).cost_usd == 0.0
        assert server.requests == []
