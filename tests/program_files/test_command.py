"""`refinescope open PROGRAM.py`: the one way to open a file."""

from __future__ import annotations

import sys

import pytest

from refine_core.cli import commands
from refine_core.cli.serve import Serving


def test_a_file_has_an_app_of_its_own_that_knows_it_by_its_environment(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    serving = commands.run(["open", "mine.py", "--python", sys.executable, "--port", "8777", "--no-browser"])
    assert serving == Serving(
        8777,
        opens_browser=False,
        path="/program",
        environment={
            "REFINESCOPE_PROGRAM": str(tmp_path / "mine.py"),
            "REFINESCOPE_PROGRAM_PYTHON": sys.executable,
        },
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.py"], "there is no file nowhere.py"),
        (["notes.txt"], "its name must end with .py"),
        (["mine.py", "--python", "no-such-python"], "there is no such program"),
        (["mine.py", "--attempt", "2"], "--attempt names an attempt of a run"),
        (["last", "--python", "python3"], "--python is for PROGRAM.py"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_the_reason(arguments, words, tmp_path, monkeypatch, capfd):
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    assert commands.run(["open", *arguments]) == 2
    assert words in capfd.readouterr().err
