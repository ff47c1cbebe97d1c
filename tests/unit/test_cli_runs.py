"""Runs on the command line: started, listed, shown, described as JSON. What others wrote controls no terminal."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from refine_core import configure, runs
from refine_core.cli import commands, main
from refine_core.cli.runs import arrange
from refine_core.cli.serve import NOTE, Serving, find_served, greeting
from refine_core.cli.terminal import columns_of, cut, one_line, pad
from refine_core.programs import EXAMPLES
from refine_core.spec.document import write_document
from refine_core.store import data_home
from refine_core.store.listing import ListedRun, RunFacts
from tests.one_stage import one_stage
from tests.openai_server import Answer, OpenAIServer
from tests.threads import eventually

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from refine_core.cli import main; sys.exit(main())"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    yield
    runs.close()
    configure(lm=None)  # a program of the user's may have set one, for this whole process


def call(capfdbinary, *arguments):
    code = main([str(one) for one in arguments])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def write_spec(folder, **changes):
    """A description of one stage on the practice model, in a file."""
    spec = {
        "stages": [{"name": "answer", "signature": "question -> answer"}],
        "reward": "def reward(args, pred):\n    return 0.5 if args['question'] else 0.0\n",
        "inputs": {"question": "What is the capital of Peru?"},
        "N": 2,
        "threshold": 0.5,
    }
    file = folder / "spec.json"
    file.write_text(json.dumps(spec | changes))
    return file


def test_a_run_of_an_example_shows_attempts_hints_verdict_and_outputs(capfdbinary):
    code, out, err = call(capfdbinary, "run", "--example", "one_word")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "One-word answer"
    assert "practice model · up to 5 attempts · threshold 1.00 · run 2" in lines[1]
    assert [line.split()[:3] for line in lines if line.startswith("  ") and "  T " in line] == [
        ["1", "▲", "0.20"],
        ["2", "▲", "0.60"],
        ["3", "■", "1.00"],
    ]
    assert sum("↳ hint for answer: " in line for line in lines) == 2
    assert "Stopped at attempt 3: reward 1.00 ≥ threshold 1.00." in lines
    assert lines[lines.index("answer") + 1] == "  Brussels"
    assert "\x1b" not in out
    assert [one.summary.reason for one in runs.recent()] == ["threshold_reached"]


def test_a_run_with_json_prints_nothing_else(capfdbinary, tmp_path):
    code, out, err = call(capfdbinary, "run", write_spec(tmp_path), "--json", "--title", "Mine")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["title"], told["reason"], told["reached"], told["returned"]) == (
        "Mine",
        "threshold_reached",
        True,
        1,
    )
    assert told["best"] == {"attempt": 1, "reward": 0.5}
    assert [one["attempt"] for one in told["attempts"]] == [1]
    assert told["outputs"] == told["attempts"][0]["outputs"]
    assert json.loads(call(capfdbinary, "show", told["run"], "--json")[1]) == told


@pytest.mark.parametrize(
    ("changes", "options", "expected"),
    [
        ({}, [], 0),
        ({}, ["--threshold", "0.9"], 1),
        ({}, ["--threshold", "none"], 0),
        ({"reward": "def reward(args, pred):\n    return 1 / 0\n"}, [], 2),
    ],
)
def test_the_exit_code_says_whether_the_threshold_was_reached(
    changes, options, expected, tmp_path, capfdbinary
):
    assert call(capfdbinary, "run", write_spec(tmp_path, **changes), *options)[0] == expected


def test_options_change_what_a_description_says(tmp_path, capfdbinary):
    reward = tmp_path / "other.py"
    reward.write_text("def long_enough(args, pred):\n    return float(len(pred.answer) >= args['least'])\n")
    text = tmp_path / "question.txt"
    text.write_text("What is the capital of France?\n")
    code, out, err = call(
        capfdbinary, "run", write_spec(tmp_path), "--reward", reward, "--n", "3", "--threshold", "0.75",
        "--input", f"question=@{text}", "--input", "least:=1", "--temperature", "0.4", "--json",
    )  # fmt: skip
    assert (code, err) == (
        0,
        "Note: least is no input of the program (question), so only the reward sees it.\n",
    )
    spec = runs.timeline(json.loads(out)["run"]).spec
    assert (spec.reward_name, spec.N, spec.threshold) == ("long_enough", 3, 0.75)
    assert spec.inputs == {"question": "What is the capital of France?\n", "least": 1}
    assert spec.model.temperature == 0.4


def test_missing_inputs_are_asked_for_with_their_types(tmp_path, capfdbinary):
    spec = write_spec(
        tmp_path,
        inputs={},
        stages=[{"name": "answer", "signature": "question, year: int, tags: list[str] -> answer"}],
    )
    code, out, err = call(capfdbinary, "run", spec)
    assert (code, out) == (2, "")
    assert "3 inputs have no value:\n  question  str\n  year      int\n  tags      list[str]\n" in err
    assert "--input question='…' --input year=3" in err
    ask = json.loads(call(capfdbinary, "run", spec, "--json")[1])["ask"]
    assert [(one["name"], one["type"]) for one in ask["inputs"]] == [
        ("question", "str"),
        ("year", "int"),
        ("tags", "list[str]"),
    ]
    code, _, err = call(capfdbinary, "run", spec, "--input", "year=soon")
    assert (code, "--input year: write a whole number such as 3, not 'soon'" in err) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ('{"stages": [], "reward": "x"}', "a program needs at least one stage"),
        ('{"reward": "x"}', "stages: this field is missing"),
        (
            '{"stages": [{"name": "a", "signature": "q -> a"}], "reward": "x", "treshold": 1}',
            "did you mean threshold?",
        ),
        (
            '{"stages": [{"name": "a", "signature": "q - a"}], "reward": "def r(a, b): return 1"}',
            "stages.0.signature: no '->' between inputs and outputs",
        ),
        (
            '{"stages": [{"name": "a", "signature": "q -> a"}], "reward": "def (", "inputs": {"q": ""}}',
            "reward, line 1",
        ),
        ('{"stages": [{"name": "a", "signature": "q -> a"}], "reward": "x", "N": "5"}', "N: input should be"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_description_that_cannot_run_says_what_is_wrong_where(text, words, tmp_path, capfdbinary):
    file = tmp_path / "broken.json"
    file.write_text(text)
    code, out, err = call(capfdbinary, "run", file)
    assert (code, out, words in err, "Traceback" in err) == (2, "", True, False), err


def test_without_a_program_the_examples_are_offered(capfdbinary):
    code, out, err = call(capfdbinary, "run")
    assert (code, out) == (2, "")
    assert all(f"refinescope run --example {name}" in err for name in EXAMPLES)
    assert "one_word" in call(capfdbinary, "run", "--example", "nope")[2]


def test_a_missing_key_is_named_by_its_variable(monkeypatch, capfdbinary, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    code, out, err = call(capfdbinary, "run", write_spec(tmp_path), "--model", "openai/gpt-4.1-mini")
    assert (code, out) == (2, "")
    assert "the environment variable OPENAI_API_KEY is not set" in err
    _, _, err = call(capfdbinary, "run", write_spec(tmp_path), "--model", "groq/x", "--key-env", "MY_KEY")
    assert "MY_KEY is not set" in err
    _, _, err = call(capfdbinary, "run", write_spec(tmp_path), "--base-url", "http://127.0.0.1:9/v1")
    assert "--base-url and --key-env say where a --model is" in err


def test_a_real_server_answers_and_the_key_is_nowhere_but_in_the_request(monkeypatch, capfdbinary, tmp_path):
    monkeypatch.setenv("MY_KEY", "sk-planted-in-a-test")
    with OpenAIServer(default="[[ ## answer ## ]]\nLima\n\n[[ ## completed ## ]]") as server:
        code, out, err = call(
            capfdbinary, "run", write_spec(tmp_path), "--model", "openai/tiny", "--base-url", server.url,
            "--key-env", "MY_KEY", "--json",
        )  # fmt: skip
        assert (code, err, json.loads(out)["outputs"]) == (0, "", {"answer": "Lima"})
    run_id = json.loads(out)["run"]
    told = out + "".join(
        call(capfdbinary, *arguments)[1]
        for arguments in (["show", run_id, "--attempt", "1"], ["show", run_id, "--json"], ["spec", run_id])
    )
    assert "sk-planted" not in told
    assert "MY_KEY" in told


def test_the_description_of_a_run_runs_again_to_the_same_end(capfdbinary, tmp_path):
    first = json.loads(call(capfdbinary, "run", "--example", "two_stages", "--json")[1])
    document = call(capfdbinary, "spec", first["run"][-8:])[1]
    file = tmp_path / "again.json"
    file.write_text(document)
    again = json.loads(call(capfdbinary, "run", file, "--json")[1])
    assert [one["outputs"] for one in again["attempts"]] == [one["outputs"] for one in first["attempts"]]
    assert document == write_document(EXAMPLES["two_stages"].spec)


def test_runs_are_searched_filtered_and_told_as_json(capfdbinary):
    for name in ("one_word", "gamed"):
        call(capfdbinary, "run", "--example", name)
    runs.close()
    code, out, _ = call(capfdbinary, "runs")
    header, *lines = out.splitlines()
    assert (code, header.split()[:4], len(lines)) == (0, ["run", "started", "best", "attempts"], 2)
    assert "A reward that is gamed" in lines[0]
    assert [
        json.loads(line)["title"] for line in call(capfdbinary, "runs", "belgium", "--json")[1].splitlines()
    ] == ["One-word answer"]
    assert (
        call(capfdbinary, "runs", "--outcome", "failed")[1]
        == "No run matches; without search and filters there are 2.\n"
    )
    assert "1 of 2 runs. --limit 2 shows more." in call(capfdbinary, "runs", "--limit", "1")[1]
    assert call(capfdbinary, "runs", "--since", "7d")[1] == out
    assert call(capfdbinary, "runs", "--since", "soon")[0] == 2


def test_an_empty_list_says_how_to_begin(capfdbinary):
    assert call(capfdbinary, "runs")[1] == "No runs yet. Start one: refinescope run --example one_word\n"


def test_branches_stand_under_their_parent():
    def run(run_id, parent=None):
        return ListedRun(run_id, None, alive=False, facts=RunFacts(parent=parent))

    rows = [run("c", "b"), run("x"), run("b", "a"), run("a", "gone"), run("loop", "loop"), run("b2", "a")]
    assert [(one.run_id, depth) for one, depth in arrange(rows)] == [
        ("a", 0), ("b", 1), ("c", 2), ("b2", 1), ("x", 0), ("loop", 0),
    ]  # fmt: skip


def test_an_attempt_is_shown_with_messages_hint_and_reward(capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", "--example", "length", "--json")[1])["run"]
    code, out, _ = call(capfdbinary, "show", run_id, "--attempt", "2")
    assert code == 0
    assert all(
        word in out
        for word in ("Hints, from the advice after attempt 1", "Reward 0", "deadline", "system", "reply")
    )
    told = json.loads(call(capfdbinary, "show", run_id, "--attempt", "2", "--json")[1])
    assert told["attempt"] == 2
    assert told["predictors"][0]["calls"][0]["messages"][0]["role"] == "system"
    code, _, err = call(capfdbinary, "show", run_id, "--attempt", "99")
    assert (code, "has no attempt 99; it has attempts 1 to" in err) == (2, True)


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe \u200bzero\r\n\tnext\x9b31m"


def test_hostile_text_controls_no_terminal(tmp_path, capfdbinary):
    reward = (
        "def reward(args, pred):\n"
        "    print(args['question'])\n"
        "    return Score(0.5, feedback=args['question'], parts={args['question']: 0.5})\n"
    )
    spec = write_spec(
        tmp_path, inputs={"question": HOSTILE}, title=HOSTILE, reward=reward, threshold=2, hints="feedback"
    )
    _, out, _ = call(capfdbinary, "run", spec)
    run_id = runs.recent()[0].run_id
    runs.note(run_id, HOSTILE)
    for arguments in (["runs"], ["show", run_id], ["show", run_id, "--attempt", "2"], ["resume", run_id]):
        _, more, err = call(capfdbinary, *arguments)
        out += more + err
    assert "\u241b" in out
    assert [one for one in set(out) if not one.isprintable() and one != "\n"] == []
    assert not {"\u202e", "\u200b"} & set(out)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.json", json.dumps({"stages": [], "reward": "", HOSTILE: 1})),
        ("mine.py", f"raise ValueError({HOSTILE!r})"),
        ("run.jsonl", HOSTILE),
    ],
)
def test_errors_that_quote_a_file_control_no_terminal(name, text, tmp_path, capfdbinary):
    file = tmp_path / name
    file.write_text(text)
    for arguments in (
        ["import", file] if name == "run.jsonl" else ["run", file],
        ["show", HOSTILE],
        ["run", "--example", HOSTILE],
    ):
        code, out, err = call(capfdbinary, *arguments)
        assert (code, out) == (2, "")
        assert [one for one in set(err) if not one.isprintable() and one != "\n"] == []


@pytest.mark.parametrize("text", ["日本語のテキスト", "e\u0301te\u0301", "plain", "👩‍🔬 science", ""])
@pytest.mark.parametrize("columns", [2, 5, 8, 40])
def test_text_is_cut_to_columns_and_not_to_characters(text, columns):
    assert columns_of(cut(text, columns)) <= columns
    assert columns_of(pad(text, columns)) == columns
    assert cut(one_line(text), 1000) == one_line(text)


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-u", "-c", MAIN, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def slow_spec(folder, *, delay_s=0.3):
    model = {"kind": "practice", "delay_s": delay_s}
    return write_spec(folder, N=5, threshold=2, model=model)


def wait_for_attempt(process):
    """The id of the run of a process, once an attempt of it has ended and another has begun."""

    def seen():
        row = next(iter(runs.recent()), None)
        return row.run_id if row is not None and len(row.summary.rewards) >= 2 else None

    try:
        return eventually(seen)
    except AssertionError:
        process.kill()
        raise AssertionError(process.communicate(timeout=30)) from None


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal here")
def test_ctrl_c_cancels_a_run_says_what_is_kept_and_it_can_go_on(tmp_path, capfdbinary):
    process = start("run", slow_spec(tmp_path))
    run_id = wait_for_attempt(process)
    assert runs.get(run_id).state == "running", "another process sees it live"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "Cancelled during attempt " in out
    assert f"refinescope resume {run_id[-8:]}" in out
    assert runs.get(run_id).was_cancelled
    code, out, _ = call(capfdbinary, "resume", run_id[-8:], "--json")
    told = json.loads(out)
    assert (code, told["reason"], len(told["attempts"])) == (1, "attempts_used_up", 5)


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is an error of its own there")
def test_a_run_that_nobody_reads_is_cancelled_and_can_go_on(tmp_path):
    process = start("run", slow_spec(tmp_path))
    run_id = wait_for_attempt(process)
    process.stdout.close()
    with process.stderr as stream:
        err = stream.read()
    assert process.wait(60) == commands.PIPE_CLOSED
    assert err == f"The run was cancelled. refinescope resume {run_id[-8:]} goes on with it.\n"
    assert runs.get(run_id).was_cancelled


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it has no device that is always full")
@pytest.mark.parametrize("arguments", [["runs"], ["run", "--example", "one_word"], ["run", "--help"]])
def test_a_full_disk_under_standard_output_is_said_in_a_sentence(arguments):
    with Path("/dev/full").open("w") as full:
        process = subprocess.run([sys.executable, "-c", MAIN, *arguments], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
    assert process.returncode == 2
    assert (
        process.stderr.splitlines()[-1] == "Error: standard output cannot be written: No space left on device"
    )
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""},
    ],
)
def test_where_marks_cannot_be_shown_plain_characters_tell_them_apart(environment):
    process = start("run", "--example", "one_word", **environment)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    marks = [line.split()[1] for line in out.splitlines() if "  T " in line]
    assert marks == ["^", "^", "#"]
    assert "reward 1.00 >= threshold 1.00." in out
    assert out.isascii()
    assert "?" not in out


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed by a signal here")
def test_a_killed_run_is_interrupted_and_goes_on_where_it_was(tmp_path, capfdbinary):
    process = start("run", slow_spec(tmp_path))
    run_id = wait_for_attempt(process)
    process.kill()
    process.communicate(timeout=30)
    assert eventually(lambda: runs.get(run_id).state == "interrupted")
    kept = runs.events(run_id)
    code, out, _ = call(capfdbinary, "resume", run_id)
    assert (code, "All 5 attempts made" in out) == (1, True)
    assert runs.events(run_id)[: len(kept)] == kept


def test_runs_are_exported_to_a_file_a_folder_or_standard_output(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.chdir(tmp_path)
    ids = [
        json.loads(call(capfdbinary, "run", "--example", one, "--json")[1])["run"]
        for one in ("one_word", "json")
    ]
    assert call(capfdbinary, "export", ids[0], "--to", "html")[1].startswith(
        f"Wrote one-word-answer-{ids[0]}.html (1 run, "
    )
    assert (tmp_path / f"one-word-answer-{ids[0]}.html").read_bytes().startswith(b"<!")
    folder = tmp_path / "there"
    folder.mkdir()
    told = json.loads(call(capfdbinary, "export", *ids, "--to", "md", "-o", folder, "--json")[1])
    assert told == {
        "file": str(folder / "2-runs.md.zip"),
        "bytes": Path(told["file"]).stat().st_size,
        "runs": ids,
    }
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(ids)))
    code, out, err = call(capfdbinary, "export", "-", "--to", "jsonl", "-o", "-")
    assert (code, err) == (0, "")
    assert all(json.loads(line) for line in out.splitlines())
    assert all(one in out for one in ids)


def test_a_misspelt_field_is_not_let_out(tmp_path, capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", write_spec(tmp_path), "--json")[1])["run"]
    file = tmp_path / "run.md"
    code, out, err = call(capfdbinary, "export", run_id, "--to", "md", "-o", file, "--leave-out", "qestion")
    assert (code, out, file.exists()) == (2, "", False)
    assert "no run has a field qestion; write prompts, inputs, or one of: question, answer" in err
    assert call(capfdbinary, "export", run_id, "--to", "md", "-o", file, "--leave-out", "inputs")[0] == 0


def test_an_exported_run_is_imported_elsewhere_and_says_so(tmp_path, monkeypatch, capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", "--example", "one_word", "--json")[1])["run"]
    file = tmp_path / "run.html"
    assert call(capfdbinary, "export", run_id, "--to", "html", "-o", file)[0] == 0
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "elsewhere"))
    code, out, err = call(capfdbinary, "import", file)
    assert (code, err, out.splitlines()[-1]) == (0, "", "Imported 1 run.")
    assert "imported" in call(capfdbinary, "show", run_id)[1]
    assert "imported" in call(capfdbinary, "runs")[1]
    told = json.loads(call(capfdbinary, "import", file, "--json")[1])
    assert told == {"file": str(file), "runs": [run_id], "new": [], "known": [run_id], "renamed": {}}
    refused = call(capfdbinary, "resume", run_id)[2]
    assert refused.startswith(f"Error: run '{run_id}' was imported")
    assert f"refinescope spec {run_id} | refinescope run - runs it again." in refused
    file.write_text("no run at all")
    code, out, err = call(capfdbinary, "import", file)
    assert (code, out, f"{file} was not imported: " in err, "Traceback" in err) == (2, "", True, False)
    assert call(capfdbinary, "import", tmp_path / "nowhere.jsonl")[0] == 2


def test_a_file_that_cannot_be_imported_keeps_no_other_out(tmp_path, monkeypatch, capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", write_spec(tmp_path), "--json")[1])["run"]
    listed = io.StringIO(call(capfdbinary, "runs", "--json")[1])
    monkeypatch.setattr("sys.stdin", listed)
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    assert call(capfdbinary, "export", "-", "--to", "jsonl", "-o", good)[0] == 0, (
        "lines of runs --json are ids"
    )
    bad.write_text("no run at all")
    runs.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "elsewhere"))
    code, out, err = call(capfdbinary, "import", bad, tmp_path / "nowhere.jsonl", good)
    assert (code, [one.run_id for one in runs.recent()]) == (2, [run_id])
    assert out.splitlines()[-1] == "Imported 1 run."
    assert [line.partition(".jsonl")[2].split(":")[0] for line in err.splitlines()] == [
        " was not imported",
        " cannot be read",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["show", "{run}", "--attempt", "9"], "has no attempt 9; it has attempt 1 only."),
        (["open", "{run}", "--attempt", "9", "--no-browser"], "has no attempt 9; it has attempt 1 only."),
        (["resume", "{run}"], "refinescope fork {run} goes on from one of its attempts"),
        (["shwo", "{run}"], "There is no command 'shwo'. Did you mean show?"),
        (["export", "-", "--to", "csv"], "This line of standard input names no run: {oops"),
        (["runs", "--since", "noon"], "write 2026-11-29, today, yesterday, 7d or 12h"),
    ],
)
def test_an_error_says_what_to_do_next(options, words, tmp_path, monkeypatch, capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", write_spec(tmp_path), "--json")[1])["run"]
    monkeypatch.setattr("sys.stdin", io.StringIO("{oops\n"))
    code, out, err = call(capfdbinary, *(one.replace("{run}", run_id) for one in options))
    assert (code, out, words.replace("{run}", run_id) in err) == (2, "", True), err


@pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")
@pytest.mark.parametrize("colour", [True, False])
def test_in_a_terminal_one_line_says_what_goes_on(colour, tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    spec = write_spec(tmp_path, title=HOSTILE, model={"kind": "practice", "delay_s": 0.1}, threshold=2)
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"} | (
        {} if colour else {"NO_COLOR": "1"}
    )
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "run", str(spec)], stdout=there, stderr=there, env=environment
    )
    os.close(there)
    out = b""
    try:
        while part := os.read(here, 65_536):
            out += part
    except OSError:  # Linux reports the end of a terminal so
        pass
    finally:
        os.close(here)
        process.kill()
    process.wait(30)
    text = out.decode()
    assert "\r\x1b[2K" in text
    assert ("\x1b[1m" in text) is colour
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert not re.search(r"\x1b(?!\[2K)", plain), "no sequence but our own"
    status = [
        line
        for line in re.split(r"[\r\n]+", plain.replace("\x1b[2K", ""))
        if " s · best" in line or line.endswith(" s")
    ]
    assert status
    assert all(len(line) < 50 for line in status)
    assert "2 attempts" in plain


class Healthy(http.server.BaseHTTPRequestHandler):
    """An app that is up."""

    def do_GET(self):
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_run_is_opened_in_the_app_that_is_up_on_the_same_data_folder(tmp_path, capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", write_spec(tmp_path), "--json")[1])["run"]
    note = data_home() / NOTE
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as app:
        threading.Thread(target=app.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{app.server_address[1]}"
        note.write_text(json.dumps({"address": address, "pid": 1}))
        code, out, err = call(capfdbinary, "open", run_id[-8:], "--attempt", "1", "--no-browser")
        app.shutdown()
    assert (code, out, err) == (0, f"{address}/run?run={run_id}&attempt=1\n", "")
    assert find_served() is None, "it is down now"
    for text in ("", "[]", "{", '{"address": 3}', '{"address": "http://example.com"}'):
        note.write_text(text)
        assert find_served() is None


def test_without_an_app_that_is_up_one_is_started_at_the_run(tmp_path, capfdbinary):
    run_id = json.loads(call(capfdbinary, "run", write_spec(tmp_path), "--json")[1])["run"]
    serving = commands.run(["open", run_id, "--port", "8777", "--no-browser"])
    assert serving == Serving(8777, opens_browser=False, path=f"/run?run={run_id}")
    assert "http://127.0.0.1:8777/run?run=" in greeting("http://127.0.0.1:8777", serving.path)


def test_a_server_that_asks_for_a_key_is_told_by_the_option_that_names_one(capfdbinary, tmp_path):
    with OpenAIServer(default=Answer(status=401)) as server:
        model = ("--model", "openai/tiny", "--base-url", server.url)
        code, out, err = call(capfdbinary, "run", write_spec(tmp_path), *model, "--n", "1")
    assert (code, err) == (2, "")
    assert "requires an API key" in out
    assert "--key-env NAME names the variable that holds the key." in out


def test_a_branch_is_listed_by_where_it_begins_and_what_it_changed(capfdbinary):
    parent = json.loads(call(capfdbinary, "run", "--example", "one_word", "--json")[1])["run"]
    call(capfdbinary, "fork", parent, "--attempt", "2", "--temperature", "0.9", "--json")
    _, out, _ = call(capfdbinary, "runs")
    _, first, second = out.splitlines()
    assert first.endswith("One-word answer · What is the capital of Belgium?")
    assert second.endswith("└ from attempt 2: T 0.9")
    assert (
        f"One-word answer, from attempt 2: T 0.9 (of {parent[-8:]})"
        in call(capfdbinary, "runs", "--limit", "1")[1]
    )
    _, out, _ = call(capfdbinary, "show", "last")
    assert f"a branch of run {parent} from attempt 2 on: T 0.9" in out
    assert "[kept] The capital of Belgium is Brussels." in out
    row = json.loads(call(capfdbinary, "runs", "--limit", "1", "--json")[1])
    assert (row["parent"], row["fork_attempt"], row["change"]) == (parent, 2, "T 0.9")


def test_the_json_of_the_docs_has_the_keys_that_are_printed(capfdbinary):
    docs = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    described = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", docs, re.DOTALL)]
    of_run, of_row = ([one for one in described if key in one] for key in ("verdict", "outcome"))
    told = json.loads(call(capfdbinary, "run", "--example", "one_word", "--json")[1])
    row = json.loads(call(capfdbinary, "runs", "--json")[1])
    assert [[*one] for one in of_row] == [[*row]]
    assert [[*one] for one in of_run if "attempts" in one] == [[*told]]
    assert [*of_run[0]["attempts"][0]] == [*told["attempts"][0]]
    assert of_run[0]["usage"].keys() == told["usage"].keys()
    detail = json.loads(call(capfdbinary, "show", told["run"], "--attempt", "2", "--json")[1])
    for name in (*detail, *detail["predictors"][0], *detail["predictors"][0]["calls"][0], *detail["advice"]):
        assert name in docs


def test_a_run_whose_key_was_typed_goes_on_with_the_key_of_a_variable(monkeypatch, capfdbinary):
    monkeypatch.setenv("MY_KEY", "sk-planted-in-a-test")
    with OpenAIServer(default=Answer("late", hang_s=60)) as server:
        spec = one_stage(server, "def r(args, pred):\n    return 1.0\n", N=2)
        run_id = runs.start(spec, runs.Credentials({"model": "sk-typed-in-a-test"}))
        assert runs.cancel(run_id)
        runs.join(run_id, 30)
        code, out, err = call(capfdbinary, "resume", run_id)
        assert (code, out) == (2, "")
        assert "The key is missing: the run was started with a key entered for openai/tiny" in err
        assert "with --key-env" in err
        assert "NO_KEY is not set" in call(capfdbinary, "resume", run_id, "--key-env", "NO_KEY")[2]
        server.script("[[ ## answer ## ]]\nLima\n\n[[ ## completed ## ]]")
        code, out, _ = call(capfdbinary, "resume", run_id, "--key-env", "MY_KEY", "--json")
    assert (code, json.loads(out)["outputs"], "sk-planted" in out) == (0, {"answer": "Lima"}, False)
