"""Runs that were recorded from dspy, as their owner watches them; and imported ones, whose last reward is computed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from refine_core.export import import_runs
from refine_core.store import open_store
from tests.browser.conftest import ROOT, Server
from tests.parity.environment import Missing, python

TRACES = ROOT / "tests" / "data" / "traces"


class Script:
    """A user's script, whose model says what it is told."""

    def __init__(self, executable: Path, home: Path) -> None:
        environment = {**os.environ, "REFINESCOPE_HOME": str(home), "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [str(executable), "-m", "tests.interop.told"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def say(self, words: str) -> None:
        """What the model replies next."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n".encode())
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdin is not None
        self._process.stdin.close()


@pytest.fixture
def script(server: Server) -> Iterator[Script]:
    try:
        executable = python("3.4.1")
    except Missing as why:
        pytest.skip(str(why))
    server.start()
    started: list[Script] = []

    def start() -> Script:
        started.append(Script(executable, server.folder / "data"))
        return started[0]

    yield start  # type: ignore[misc]
    for one in started:
        one.kill()


@pytest.mark.timeout(300)  # the first test may have to wait for pip
def test_a_dspy_script_is_watched_live_until_it_is_killed(page: Page, server: Server, script):
    page.goto(f"{server.url}/runs")
    expect(page.get_by_text("callbacks=[dspy_recorder()]")).to_be_visible()
    running = script()
    page.get_by_role("link", name="question -> answer").click()  # nobody has reloaded the list
    expect(page.get_by_text("Attempt 1 of 3: the model is answering")).to_be_visible()
    expect(page.get_by_text("recorded from dspy 3.4.1")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    running.say("Brussels probably")
    for window in (page, other):
        expect(window.get_by_text("Brussels probably").first).to_be_visible()
        expect(window.get_by_text("Attempt 1 of 3: the adviser is asked")).to_be_visible()
    page.reload()
    running.say("one word")
    for window in (page, other):
        expect(window.get_by_text("Attempt 2 of 3: the model is answering")).to_be_visible()
    running.kill()
    for window in (page, other):
        expect(window.get_by_text("Interrupted during attempt 2")).to_be_visible()
        expect(window.get_by_text("dspy 3.4.1 was stopped")).to_be_visible()
        expect(window.get_by_text("Brussels probably").first).to_be_visible()
        expect(window.get_by_role("button", name="Resume")).to_have_count(0)


def test_an_imported_runs_last_reward_is_computed_and_stays(page: Page, server: Server):
    store = open_store(server.folder / "data")
    run_id = import_runs(store, (TRACES / "openinference.otlp.jsonl").read_bytes()).run_ids[0]
    store.close()
    page.goto(f"{server.start()}/run?run={run_id}")
    expect(page.get_by_text("The reward of attempt 2 is unknown.")).to_be_visible()
    page.get_by_role("button", name="Run the reward").click()
    for _ in range(2):
        expect(page.get_by_text("reward computed here, not recorded").first).to_be_visible()
        expect(page.get_by_text("is unknown.")).to_have_count(0)
        page.reload()
