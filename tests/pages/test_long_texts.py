"""A run with very long texts and very many parts, on its page: folded, paged, and all of it within reach."""

from __future__ import annotations

import functools
import time

import pytest

from refine_core import runs
from refine_core.log.summaries import summarize
from tests.pages.test_pages import _own_runs, open_app, said  # noqa: F401  # a fixture
from tests.unit.test_long_texts import KB, giant

pytestmark = pytest.mark.fault(62)


@pytest.fixture(scope="module")
def log():
    return giant()


@pytest.fixture
def recorded(log):
    runs.default().store.append(log.records, functools.reduce(summarize, log.records, None))
    return log.run_id


def shown(app) -> int:
    """How many characters the page sends, but for its components."""
    return sum(
        len(str(e.value))
        for kind in (app.markdown, app.caption, app.code, app.error, app.warning)
        for e in kind
    )


@pytest.mark.parametrize("attempt", ["1", "2", "5"])
def test_the_page_of_a_giant_run_is_small_and_quick(recorded, attempt):
    app = open_app(run=recorded, attempt=attempt)
    app.switch_page("../run/page.py")
    began = time.process_time()
    app.run()
    took = time.process_time() - began
    assert not app.exception
    assert shown(app) < 200 * KB
    assert took < 3


def test_the_next_page_of_a_long_text_and_of_many_parts_is_a_press_away(recorded):
    app = open_app(run=recorded, attempt="1")
    app.switch_page("../run/page.py").run()
    assert "part 19" in said(app)
    assert "part 20:" not in said(app)
    app.session_state["parts-0-50000"] = 2
    app.run()
    assert "part 20:" in said(app)
    assert "part 19:" not in said(app)


def test_a_long_message_shows_its_beginning_and_end_and_folds_the_whole(recorded):
    app = open_app(run=recorded, attempt="5")
    app.switch_page("../run/page.py").run()
    assert any("characters in all" in e.value for e in app.error)
    assert "Full message" in [e.label for e in app.expander]
