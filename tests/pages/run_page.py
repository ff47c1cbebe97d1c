"""The page of a run, as Streamlit's AppTest runs it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import MAIN


def open_run(run_id: str, **query: str) -> AppTest:
    """The app on this page, with these parameters in its address, without an exception."""
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    app.run()
    app.switch_page("../run/page.py")
    app.query_params.update({"run": run_id, **query})
    app.run()
    assert not app.exception
    return app
