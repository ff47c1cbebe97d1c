"""A file that is open, in a real process of its own; ended with its test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refine_core import runs
from refine_core.program_files import ProgramProcess, RunRequest, Snapshot, read_request
from refine_core.programs import ModelSpec
from tests.threads import eventually

WITHIN_S = 60.0


class OpenFile:
    """A file under `folder`, and its process."""

    def __init__(
        self,
        path: Path,
        python: str | None = None,
        cancel_s: float = WITHIN_S,
        process: ProgramProcess | None = None,
    ) -> None:
        self.path = path
        self.process = process or ProgramProcess(path, python, cancel_s=cancel_s)
        if process is None:
            self.process.start()

    def write(self, source: str) -> None:
        """Save it with another text."""
        self.path.write_text(source)

    def until(self, claim: Callable[[Snapshot], bool]) -> Snapshot:
        """Wait until a snapshot fits, by the process's own news."""
        shown = self.process.snapshot()

        def fits() -> Snapshot | None:
            nonlocal shown
            if claim(shown):
                return shown
            shown = self.process.wait_for_change(shown.revision, 1.0)
            return None

        try:
            return eventually(fits, within_s=WITHIN_S)
        except AssertionError:
            pytest.fail(f"it never came: {shown}\n{shown.output}")

    def printed(self, text: str, times: int = 1) -> Snapshot:
        """Wait until it has printed that; its output may come after the word that a run has ended."""
        return self.until(lambda one: one.output.count(text) >= times)

    def ready(self, starts: int = 1) -> Snapshot:
        """Wait until it can run, for the nth time."""
        return self.until(lambda one: one.state == "ready" and one.starts >= starts)

    def failed(self, starts: int = 1) -> Snapshot:
        """Wait until it says why it does not run."""
        return self.until(lambda one: one.state == "failed" and one.starts >= starts)

    def request(self, program: str = "", reward: str = "", **changes: object) -> RunRequest:
        """What the form asks when nobody has changed anything, or with these changes."""
        found = self.ready().description
        entry = found.find_program(program) or found.programs[0]
        example = found.examples[0].values if found.examples else {}
        asked = {
            "reward": reward or found.list_rewards(entry)[0],
            "strategy": entry.strategy,
            "n": entry.n,
            "threshold": "" if entry.threshold is None else str(entry.threshold),
            "inputs": example,
            "model": None if entry.model else ModelSpec(),
            **changes,
        }
        request, problems = read_request(found, entry, **asked)
        assert request is not None, problems
        return request

    def run(self, **changes: object) -> Snapshot:
        """Run it to its end."""
        self.process.run(self.request(**changes))
        return self.until(lambda one: not one.busy and one.run_id is not None)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    yield
    runs.close()


@pytest.fixture
def open_file(tmp_path):
    """Opens a file of this text; what was opened is closed."""
    opened = []

    def go(source: str, name: str = "mine.py", **more: Any) -> OpenFile:
        path = tmp_path / "work" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        opened.append(OpenFile(path, **more))
        return opened[-1]

    yield go
    for one in opened:
        one.process.close()


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory):
    """A file that the tests of a module write anew one after the other."""
    path = tmp_path_factory.mktemp("rewritten") / "mine.py"
    path.write_text("x = 0\n")
    one = OpenFile(path)
    one.failed()
    yield one
    one.process.close()
