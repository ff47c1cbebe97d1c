"""A run that was started in a terminal, on the page of a run: live while its process lives, interrupted once that is killed."""

from __future__ import annotations

import sys

import pytest

from refine_core import runs
from tests.pages.test_pages import _own_runs, open_app, said  # noqa: F401  # a fixture for every test
from tests.threads import eventually
from tests.unit.test_cli_runs import slow_spec, start, wait_for_attempt


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))


def open_run(run_id):
    app = open_app()
    app.query_params["run"] = run_id
    app.switch_page("../run/page.py").run()
    assert not app.exception
    return said(app)


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed by a signal here")
def test_a_run_of_the_terminal_is_watched_in_the_app_and_resumed_there(tmp_path):
    process = start("run", slow_spec(tmp_path, delay_s=0.8))
    run_id = wait_for_attempt(process)
    try:
        words = open_run(run_id)
        assert runs.get(run_id).state == "running", "it had not ended meanwhile"
        assert "This run belongs to another Refinescope process" in words
        assert "Interrupted" not in words
    finally:
        process.kill()
        process.communicate(timeout=30)
    assert eventually(lambda: runs.get(run_id).resumable)
    assert "Interrupted" in open_run(run_id)
