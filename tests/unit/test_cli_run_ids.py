"""A run is named by its id or a part of it, and what is special about it is said; a reward's errors name its file."""

from __future__ import annotations

import json

import pytest

from refine_core import runs
from refine_core.cli import main
from tests.old_store import EXPECTED, old_store

NEWEST = max(EXPECTED)
ROW = '{"id": "1", "inputs": {"answer": "4"}, "prediction": {"completion": "4"}}'


@pytest.fixture
def old_runs(tmp_path, monkeypatch):
    """The eleven runs of an earlier version as the user's own."""
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    old_store(tmp_path).close()
    yield
    runs.close()


def call(capfdbinary, *arguments):
    code = main([str(one) for one in arguments])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


@pytest.mark.usefixtures("old_runs")
@pytest.mark.parametrize(
    "part", ["907c72a2", "907c", "run:907c", "20261129-021337", "20261129-021337-907c72a2"]
)
def test_a_part_of_an_id_names_the_run(part, capfdbinary):
    code, out, _ = call(capfdbinary, "what-if", part, "--json")
    whole = call(capfdbinary, "what-if", "20261129-021337-907c72a2", "--json")[1]
    assert (code, out) == (0, whole)


@pytest.mark.usefixtures("old_runs")
def test_last_names_the_newest_run(capfdbinary):
    assert call(capfdbinary, "show", "last") == call(capfdbinary, "show", NEWEST)


@pytest.mark.usefixtures("old_runs")
def test_rows_of_a_run_are_found_by_a_part_of_its_id(capfdbinary):
    code, out, _ = call(capfdbinary, "rows", "run:48b9", "--json")
    assert (code, len(out.splitlines())) == (0, 40)
    assert json.loads(out.splitlines()[0])["group"] == "20261129-021334-48b93dd2"


@pytest.mark.usefixtures("old_runs")
@pytest.mark.parametrize("command", [("what-if", "20261129-021333"), ("rows", "run:20261129-021333")])
def test_a_part_that_several_runs_have_is_a_question(command, capfdbinary):
    code, out, _ = call(capfdbinary, *command, "--json")
    assert code == 2
    ask = json.loads(out)["ask"]
    ids = sorted(one for one in EXPECTED if one.startswith("20261129-021333"))
    assert (ask["run"], sorted(one["id"] for one in ask["candidates"])) == ("20261129-021333", ids)
    code, out, err = call(capfdbinary, *command)
    assert (code, out) == (2, "")
    assert "3 runs begin with 20261129-021333" in err
    assert "20261129-021333-59b2e5a9  One-word answer" in err


@pytest.mark.usefixtures("old_runs")
@pytest.mark.parametrize("part", ["", "run:", "zz", "20261129-02133x", "%", "*", "-"])
def test_what_no_run_begins_with_is_bad_input(part, capfdbinary):
    code, out, err = call(capfdbinary, "what-if", "--json", "--", part)
    assert (code, out) == (2, "")
    assert err.startswith("Error: There is no run ")
    assert NEWEST in err


@pytest.mark.usefixtures("old_runs")
def test_a_run_that_did_not_finish_or_was_deleted_says_so(capfdbinary):
    _, out, err = call(capfdbinary, "what-if", "907c", "--json")
    assert err == "The run was interrupted after 2 attempts; it can be resumed.\n"
    assert json.loads(out)["attempts"][-1]["why"] == "not tried yet"
    whole = call(capfdbinary, "what-if", "59b2", "--json")
    assert whole[2] == ""
    runs.delete(["20261129-021333-59b2e5a9"])
    code, out, err = call(capfdbinary, "what-if", "59b2", "--json")
    assert (code, out) == (0, whole[1])
    assert err.startswith("The run was deleted; it is kept for 30 days")


@pytest.mark.usefixtures("old_runs")
@pytest.mark.parametrize(
    "command", [("what-if", "907c", "--reward", "{reward}"), ("score", "{reward}", "{rows}")]
)
def test_an_error_of_a_rewards_source_names_its_file_and_line(command, tmp_path, capfdbinary):
    reward, rows = tmp_path / "mine.py", tmp_path / "rows.jsonl"
    rows.write_text(ROW)
    for source, says in (
        (
            "x = 1\ndef reward(args, pred)\n    return 1\n",
            "Error: mine.py, line 2: SyntaxError: expected ':'",
        ),
        ("import nothing_x\ndef reward(args, pred):\n    return 1\n", "mine.py, line 1: ModuleNotFoundError"),
        ("x = 1\n", "Error: mine.py: no reward function found"),
    ):
        reward.write_text(source)
        code, out, err = call(capfdbinary, *(part.format(reward=reward, rows=rows) for part in command))
        if command[0] == "what-if" and "nothing_x" in source:
            continue  # there each attempt fails, as in a run
        assert (code, out) == (2, "")
        assert says in err


def test_a_function_that_is_not_there_is_answered_with_those_that_are(tmp_path, capfdbinary):
    reward, rows = tmp_path / "mine.py", tmp_path / "rows.jsonl"
    rows.write_text(ROW)
    reward.write_text(
        "def correct(completions, answer):\n    return [1.0]\n\ndef short(completions):\n    return [1.0]\n\ndef _help():\n    pass\n"
    )
    for command in ("score", "check"):
        code, out, err = call(capfdbinary, command, reward, rows, "--function", "nope")
        assert (code, out) == (2, "")
        assert "--function nope: the file has no such function; it has correct, short\n" in err
    reward.write_text("x = 1\n")
    assert "it has none" in call(capfdbinary, "score", reward, rows, "--function", "nope")[2]
