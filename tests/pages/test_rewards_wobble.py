"""Judging the same outputs several times on the Rewards page: the price before, never by typing, and what came of it."""

import itertools
import json
import threading

import pytest

from pages.rewards.doctor.judge_wobble import rejudgings
from refine_core import workbench
from refine_core.connections.connection_store import Connection, save_connection
from refine_core.spec import ModelSpec
from refine_core.workbench import Row
from tests.openai_server import Answer, OpenAIServer
from tests.pages.test_pages import _own_runs  # noqa: F401  # a fixture for every test
from tests.pages.test_rewards_page import open_rewards, type_reward, words

JUDGED = 'def r(args, pred):\n    return judge("answer -> score: float", answer=pred.answer).score\n'


@pytest.fixture
def three():
    rows = [Row(str(i), {"question": "?"}, {"answer": f"answer {i}"}) for i in range(1, 4)]
    return workbench.keep_rows("three.csv", rows).ref


def reply(score):
    return Answer(f"[[ ## score ## ]]\n{score}\n\n[[ ## completed ## ]]")


def open_judged(ref, server):
    prices = {"price_in_usd": 10.0, "price_out_usd": 100.0}
    model = ModelSpec("litellm", "openai/tiny", api_base=server.url, reply_format="chat", **prices)
    save_connection(Connection("moody", "compatible", model))
    app = type_reward(open_rewards(rows=ref, view="doctor", threshold="0.5"), JUDGED)
    app.selectbox(key="rewards.judge-name").set_value("moody").run()
    assert not app.exception
    return app


def ask(app):
    """Press the button, and wait for the end."""
    app.button(key="rewards.wobble-ask").click().run()
    job = rejudgings.find(app.session_state["rewards.wobble"].key)
    assert job is not None
    return job


def drawn(app):
    (one,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.rewards.wobble"]
    return json.loads(one.proto.json)


def test_the_price_stands_on_the_button_and_typing_asks_nobody(three):
    with OpenAIServer(default=reply(0.5)) as server:
        app = open_judged(three, server)
        assert (
            app.button(key="rewards.wobble-ask")
            .label.replace("\\", "")
            .startswith("Judge 5 times: up to 15 calls, about $0.11")
        )
        app.number_input(key="rewards.wobble-times").set_value(3).run()
        app.number_input(key="rewards.wobble-rows").set_value(2).run()
        assert "Judge 3 times: up to 6 calls" in app.button(key="rewards.wobble-ask").label.replace("\\", "")
        type_reward(app, JUDGED + "# more\n")
        assert server.requests == []


def test_scores_that_differ_are_shown_with_the_rows_that_cross_the_threshold(three):
    said = itertools.cycle([0.4, 0.9, 0.5, 0.6, 0.9, 0.5])
    with OpenAIServer(default=lambda _body: reply(next(said))) as server:
        app = open_judged(three, server)
        app.number_input(key="rewards.wobble-times").set_value(2).run()
        job = ask(app)
        assert job.wait(60)
        app.run()
        assert not app.exception
        assert "1 of 3 rows crosses the threshold 0.5" in words(app)
        first = drawn(app)["rows"][0]
        assert (first["output"], first["scores"], first["crosses"]) == ("answer 1", [0.4, 0.6], True)
        assert [row["deviation"] for row in drawn(app)["rows"]] == ["0.14", "0.00", "0.00"]
        assert len(server.requests) == 6
        assert "The judge wobbles: the same output got 0.40 one time and 0.60 another." in words(app)
        assert "Lower the temperature of the judge under Models" in words(app)
        type_reward(app, JUDGED + "# more\n")
        assert "The judge wobbles" not in words(app), "another reward has not been judged"
        assert "Of the reward, the rows and the judge as they were then" in " ".join(
            one.value for one in app.caption
        )


def test_what_was_judged_before_a_cancel_is_shown(three):
    go_on, said = threading.Event(), itertools.count()

    def answer(_body):
        if next(said) == 4:
            go_on.wait(30)
        return reply(0.5)

    with OpenAIServer(default=answer) as server:
        app = open_judged(three, server)
        job = ask(app)
        server.wait_for_requests(5)
        app.run()
        app.button(key="rewards.wobble-cancel").click().run()
        go_on.set()
        assert job.wait(60)
        app.run()
        assert not app.exception
        assert "Cancelled; this is what was judged until then" in " ".join(one.value for one in app.caption)
        assert sum(len(row["scores"]) for row in drawn(app)["rows"]) in (4, 5)
