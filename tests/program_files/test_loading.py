"""Where an error of the user's file is, and what of its traceback is theirs."""

from __future__ import annotations

import sys

import pytest

from refine_core.program_child.loading import MODULE, describe_failure, load_module


@pytest.fixture
def fail(tmp_path, monkeypatch):
    """What an error at the top level of a file becomes, in an app that was started in the file's folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"

    def go(source: str):
        path.write_text(source)
        with pytest.raises((Exception, SystemExit)) as raised:
            load_module(path)
        return describe_failure("import", raised.value, path)

    before = [*sys.path]
    yield go
    sys.path[:] = before
    sys.modules.pop(f"{MODULE}mine", None)


@pytest.mark.parametrize(
    ("source", "line"),
    [("x = 1\ndef oops(:\n", 2), ("import sys\n\nsys.exit(3)\n", 3), ("import json\njson.loads('{')\n", 2)],
)
def test_a_traceback_names_the_line_of_the_file_and_nothing_before_it(fail, source, line):
    failure = fail(source)
    first = failure.traceback.splitlines()[1 if failure.traceback.startswith("Traceback") else 0]
    assert f'mine.py", line {line}' in first, failure.traceback
    assert failure.line == line
    assert "importlib" not in failure.traceback


def test_code_that_is_in_no_file_is_not_taken_for_the_users(fail):
    failure = fail("exec(compile('1 / 0', '<made>', 'exec'))\n")
    assert (failure.path.endswith("mine.py"), failure.line) == (True, 1)
    assert "<made>" in failure.traceback, "it is what the line called"
