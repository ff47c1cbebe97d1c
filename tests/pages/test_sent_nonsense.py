"""Whatever a browser sends in the place of a pick or a click breaks no page."""

from __future__ import annotations

import functools

import pytest

from refine_core import runs
from refine_core.log.summaries import summarize
from tests import logs
from tests.pages.test_pages import _own_runs, open_app  # noqa: F401  # a fixture for every test

NONSENSE = ([], {}, None, "2", [1], {"a": 1}, True, -1, 10**30, 1.5)


@pytest.fixture
def run_page():
    log = logs.headline()
    runs.default().store.append(log.records, functools.reduce(summarize, log.records, None))
    app = open_app()
    app.query_params["run"] = log.run_id
    app.switch_page("../run/page.py").run()
    assert not app.exception
    return app


@pytest.mark.parametrize("sent", NONSENSE)
def test_no_page_breaks_at_a_pick_that_is_none(run_page, sent):
    for name in ("picked", "compared", "labelled"):
        run_page.session_state["timeline-run-1"] = {name: {"attempt": sent, "at": 1, "label": sent}}
        assert not run_page.run().exception, name
    for do in ("pick", "tab", "caller", "page", "search", "hit", "copy", "download"):
        asked = {
            "do": do,
            "at": f"{do}-{sent}",
            **dict.fromkeys(("attempt", "tab", "page", "query", "index", "what"), sent),
        }
        run_page.session_state["attempt"] = {"asked": asked}
        assert not run_page.run().exception, do
