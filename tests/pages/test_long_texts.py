"""A run with very long texts and very many parts, on its page: folded, paged, and all of it within reach."""

from __future__ import annotations

import functools
import json
import time
from contextlib import closing

import pytest

from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests.pages.test_pages import _own_runs, ask, blocks, detail, open_app, words_of  # noqa: F401  # a fixture
from tests.unit.test_long_texts import KB, MB, giant

pytestmark = pytest.mark.fault(62)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A data folder that holds the giant run, which these tests read and none changes; and the run's id."""
    home, log = tmp_path_factory.mktemp("giant"), giant()
    with closing(open_store(home)) as store:
        store.append(log.records, functools.reduce(summarize, log.records, None))
    return home, log.run_id


@pytest.fixture
def recorded(stored, monkeypatch):
    home, run_id = stored
    monkeypatch.setenv("REFINESCOPE_HOME", str(home))
    return run_id


def shown(app) -> int:
    """How many characters the page sends, with those of the attempt's detail."""
    kinds = (app.markdown, app.caption, app.code, app.error, app.warning)
    return sum(len(str(e.value)) for kind in kinds for e in kind) + len(json.dumps(detail(app)))


@pytest.mark.parametrize("tab", ["output", "reward", "advice", "prompts", "raw"])
@pytest.mark.parametrize("attempt", ["1", "2", "5"])
def test_the_page_of_a_giant_run_is_small_and_quick(recorded, attempt, tab):
    app = open_app(run=recorded, attempt=attempt, tab=tab)
    app.switch_page("../run/page.py")
    began = time.process_time()
    app.run()
    took = time.process_time() - began
    assert not app.exception
    assert shown(app) < 200 * KB
    assert took < 10  # of processor time, which a busy machine stretches


def test_the_next_page_of_a_long_text_and_of_many_parts_is_a_press_away(recorded):
    app = open_app(run=recorded, attempt="1", tab="reward")
    names = [row["name"] for row in blocks(app)["parts"]["rows"]]
    assert names == [f"part {i}" for i in range(20)]
    ask(app, do="page", block="parts", page=2)
    assert [row["name"] for row in blocks(app)["parts"]["rows"]] == [f"part {i}" for i in range(20, 40)]
    first = words_of(blocks(app)["feedback"])
    ask(app, do="page", block="feedback", page=2)
    feedback = blocks(app)["feedback"]
    assert (feedback["page"], feedback["characters"]) == (2, MB + 2)
    assert words_of(feedback) == "x" * 4_000 != first


def test_all_of_a_long_text_can_be_saved(recorded):
    app = open_app(run=recorded, attempt="1", tab="reward")
    ask(app, do="download", what="feedback")
    assert detail(app)["reply"]["text"] == "0 " + "x" * MB


def test_a_long_message_is_paged_as_any_text(recorded):
    app = open_app(run=recorded, attempt="5", tab="output")
    failure = blocks(app)["failure"]
    assert words_of(failure).startswith("ValueError: wrong wrong")
    assert failure["pages"] > 100
    ask(app, do="page", block="failure", page=failure["pages"])
    assert words_of(blocks(app)["failure"]).endswith("wrong ")


def test_the_texts_of_another_attempt_begin_at_their_first_page(recorded):
    app = open_app(run=recorded, attempt="1", tab="reward")
    ask(app, do="page", block="feedback", page=2)
    assert blocks(app)["feedback"]["page"] == 2
    ask(app, do="pick", attempt=1)
    assert (detail(app)["title"], blocks(app)["feedback"]["page"]) == ("Attempt 2", 1)
