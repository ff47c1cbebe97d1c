"""Half an emoji (a lone surrogate) from anywhere: every page shows it as a replacement character."""

from __future__ import annotations

import functools
import json
import re
import time

import pytest

from refine_core import runs
from refine_core.log.summaries import summarize
from tests.hostile_log import hostile_log
from tests.pages.test_pages import _own_runs, button, ended, open_app, read_attempt  # noqa: F401  # a fixture

pytestmark = pytest.mark.fault(53)
HALF = "half \ud83d emoji"
SHOWN = "half \N{REPLACEMENT CHARACTER} emoji"
REWARD = (
    "def reward(args, pred):\n"
    "    print('print \\ud83d')\n"
    "    return Score(0.5, feedback='feedback \\ud83d', parts={'part \\ud83d': 0.5, 'part \\ude00': 0.25})\n"
)


@pytest.fixture
def recorded():
    """Its id, in the store of this test, as an older version would have left it there."""
    log = hostile_log(HALF, started_at=time.time() - 60)
    runs.default().store.append(log.records, functools.reduce(summarize, log.records, None))
    return log.run_id


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_recorded_run_with_half_an_emoji_everywhere_opens(recorded, attempt):
    app = open_app(run=recorded, attempt=str(attempt))
    assert not app.exception
    assert SHOWN in read_attempt(app)
    app.switch_page("../run/page.py").run()
    assert not app.exception
    assert SHOWN in read_attempt(app)


def test_the_list_of_runs_shows_a_title_with_half_an_emoji(recorded):
    app = open_app()
    app.switch_page("../runs/page.py").run()
    assert not app.exception
    assert recorded


def test_the_models_page_shows_what_a_model_with_half_a_name_cost(recorded):
    app = open_app()
    app.switch_page("../models/page.py").run()
    assert not app.exception
    assert recorded


def test_the_form_takes_a_recorded_description_with_half_an_emoji(recorded):
    app = open_app(run=recorded, change="1")
    assert not app.exception
    shown = [json.loads(one.proto.json).get("code", "") for one in app.get("bidi_component")]
    assert any(SHOWN in code and code.startswith("{") for code in shown), "the reference value"
    assert SHOWN in shown, "the instructions"


def test_half_an_emoji_from_a_reward_is_shown_by_a_real_run():
    app = open_app()
    app.session_state["lab.reward"] = {"draft": {"code": REWARD, "rev": app.session_state["lab.rev"]}}
    app.run()
    button(app, "Run").click().run()
    ended(app)
    words = read_attempt(app)
    for kind in ("print", "feedback"):
        assert f"{kind} \N{REPLACEMENT CHARACTER}" in words
    assert len(set(re.findall("part \N{REPLACEMENT CHARACTER}[^\n]*", words))) == 2, (
        "two parts, though their names look alike"
    )


def test_half_an_emoji_in_an_error_of_the_reward_is_shown():
    app = open_app()
    code = (
        "def reward(args, pred):\n    if args:\n        raise ValueError('wrong \\ud83d')\n    return 1.0\n"
    )
    app.session_state["lab.reward"] = {"draft": {"code": code, "rev": app.session_state["lab.rev"]}}
    app.run()
    button(app, "Run").click().run()
    ended(app)
    assert "wrong \N{REPLACEMENT CHARACTER}" in read_attempt(app)


def test_half_an_emoji_typed_into_the_editor_arrives_as_text():
    """A component's text comes as JSON, which lets it through."""
    app = open_app()
    code = "def reward(args, pred):\n    return 1.0  # \ud83d\n"
    app.session_state["lab.reward"] = {"draft": {"code": code, "rev": app.session_state["lab.rev"]}}
    app.run()
    button(app, "Run").click().run()
    run = ended(app)
    assert "\ud83d" not in run.timeline.spec.reward
