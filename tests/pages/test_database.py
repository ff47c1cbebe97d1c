"""A history in PostgreSQL on screen: where it is, and a server that is down and comes back."""

from __future__ import annotations

import pytest

from refine_core import runs
from tests.pages.test_pages import _own_runs, errors, open_app, said  # noqa: F401  # a fixture for every test
from tests.pages.test_runs_page import open_list
from tests.postgres import PASSWORD, own_server
from tests.threads import eventually


@pytest.fixture(scope="module")
def a_server():
    """A server that a test may stop, if it starts it again."""
    with own_server() as server:
        yield server


@pytest.mark.parametrize("name", ["lab", "runs", "batch", "learn", "models"])
def test_a_page_whose_server_is_down_says_so_and_can_be_tried_again(name, a_server, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_DATABASE", a_server.url())
    a_server.stop()
    app = open_app()
    app.switch_page(f"../{name}/page.py").run()
    assert not app.exception
    (error,) = errors(app)
    assert "its server cannot be reached" in error
    assert PASSWORD not in said(app)
    a_server.start()
    app.button(key="store.again").click().run()
    assert not app.exception
    assert errors(app) == []


def test_outputs_pasted_while_the_server_is_down_are_not_lost(a_server, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_DATABASE", a_server.url())
    app = open_app()
    app.switch_page("../rewards/page.py").run()
    (paste,) = [one for one in app.text_area if one.label == "Outputs"]
    a_server.stop()
    paste.set_value("Brussels\nParis").run()
    app.button(key="rewards.add-pasted").click().run()
    assert not app.exception
    assert any("nothing was written" in error for error in errors(app))
    assert [one.value for one in app.text_area if one.label == "Outputs"] == ["Brussels\nParis"]
    a_server.start()


def test_a_server_that_went_while_the_app_was_open_is_found_again(a_server, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_DATABASE", a_server.url())
    app = open_list()
    assert errors(app) == []
    a_server.kill()
    app.run()
    assert "its server cannot be reached" in errors(app)[0]
    a_server.start()
    app.button(key="store.again").click().run()
    assert errors(app) == []


def test_runs_says_where_the_history_is_and_where_runs_work(postgres_url, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_DATABASE", f"{postgres_url}?application_name=secret")
    monkeypatch.setenv("REFINESCOPE_EXECUTOR", "dask:tcp://127.0.0.1:1")  # where nobody answers
    words = said(open_list())
    shown = postgres_url.rpartition("@")[2]
    assert f"The history is in postgresql://refinescope\u2060@{shown}. " in words
    assert "Runs work on Dask at tcp://127.0.0.1:1; how many workers it has is not known yet." in words
    assert "secret" not in words


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("", None),
        ("threads", None),
        ("dask", "Runs work on Dask on this machine: 2 workers."),
        ("dask:4", "Runs work on Dask on this machine: 2 workers."),
        ("dask:tcp://there:1", "Runs work on Dask at tcp://there:1: 2 workers."),
    ],
)
def test_only_an_executor_that_was_chosen_is_named(chosen, sentence, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_EXECUTOR", chosen)
    assert runs.describe_places(runs.Workers(2)) == ((sentence,) if sentence else ())


@pytest.mark.parametrize(
    ("chosen", "workers", "end"),
    [
        ("dask", None, "how many workers it has is not known yet."),
        ("dask", runs.Workers(0), "which has no workers just now: it is starting them."),
        ("dask:tcp://there:1", runs.Workers(0), "start some with dask worker tcp://there:1."),
        ("dask:tcp://there:1", runs.Workers(0, "It does not answer."), "It does not answer."),
    ],
)
def test_where_runs_work_is_said_with_what_is_known_of_it(chosen, workers, end, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_EXECUTOR", chosen)
    (sentence,) = runs.describe_places(workers)
    assert sentence.endswith(end)


def test_an_executor_that_is_none_is_named_on_runs(monkeypatch):
    monkeypatch.setenv("REFINESCOPE_EXECUTOR", "ray")
    app = open_list()
    eventually(lambda: runs.look_at_workers() is not None)
    assert "or leave it unset." in said(app.run())


def test_with_the_defaults_no_place_is_named(monkeypatch):
    monkeypatch.delenv("REFINESCOPE_DATABASE", raising=False)
    assert "The history is in" not in said(open_list())
