"""The comparison page: what it is given, what its controls do to the address, and what is said of a wrong one."""

from __future__ import annotations

import functools

import pytest

from refine_core import runs
from refine_core.log.summaries import summarize
from tests import logs
from tests.pages.test_pages import open_app


@pytest.fixture(autouse=True)
def _runs(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    for run_id, log in (("one", logs.two_stages()), ("two", logs.rules())):
        records = [type(r)(run_id, r.seq, r.at, r.span, r.event) for r in log.records]
        runs.default().store.append(records, functools.reduce(summarize, records, None))
    yield
    runs.close()


def open_compare(**query):
    app = open_app(**query)
    app.switch_page("../compare/page.py")
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def messages(app):
    return " ".join(element.value for element in (*app.error, *app.info)).replace("\\", "")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "Nothing is chosen to compare."),
        ({"a": "one.2", "b": "gone.1"}, "There is no run 'gone'"),
        ({"a": "one.9", "b": "one.1"}, "The run 'one' has no attempt 9, which the address names as A. It has 4 attempts."),
        ({"a": "one.0", "b": "one.1"}, "has no attempt 0"),
    ],
)  # fmt: skip
def test_a_wrong_address_gets_a_plain_sentence_and_a_way_on(query, words):
    app = open_compare(**query)
    assert words in messages(app)
    assert len(app.get("page_link")) == 1


def test_what_the_browser_asks_for_goes_into_the_address():
    app = open_compare(a="one.1", b="one.2")
    app.session_state["compare"] = {"asked": {"a": "two.3", "view": "inline", "unfold": True, "at": 0}}
    app.run()
    assert not app.exception
    assert not messages(app)
