"""The command `refinescope`, as a process of its own."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import click
import pytest

from refine_core import __version__
from refine_core.cli import find_free_port, main
from refine_core.cli.commands import COMMANDS, PIPE_CLOSED, SECTIONS
from refine_core.cli.output import BAD_INPUT, to_json
from tests.threads import eventually

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from refine_core.cli import main; sys.exit(main())"


def start(*arguments, home):
    return subprocess.Popen(
        [sys.executable, "-u", "-c", MAIN, *arguments],
        cwd=ROOT,
        env={**os.environ, "REFINESCOPE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_served(address):
    import urllib.request

    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal here")
def test_it_prints_its_name_address_data_folder_and_how_to_stop_it(tmp_path):
    home, port = tmp_path / "my data", find_free_port()
    process = start("--no-browser", "--port", str(port), home=home)
    try:
        lines = [process.stdout.readline().rstrip("\n") for _ in range(4)]
        assert lines == [
            f"Refinescope {__version__}",
            f"Address:      http://127.0.0.1:{port}",
            f"Data folder:  {home}",
            "Press Ctrl-C to stop it.",
        ]
        eventually(lambda: is_served(f"http://127.0.0.1:{port}"), within_s=60)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert (process.returncode, rest.splitlines()[-1]) == (130, "Stopped.")
        assert "You can now view" not in rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.wait(30)


def test_its_version_is_the_packages(tmp_path):
    process = start("--version", home=tmp_path)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"refinescope {__version__}\n")


def run_command(*arguments, home, stdin=None):
    process = start(*arguments, home=home)
    out, _ = process.communicate(stdin, timeout=60)
    return process.returncode, out


def test_its_help_names_its_options_and_its_commands(tmp_path):
    code, out = run_command("-h", home=tmp_path)
    assert code == 0
    assert all(word in out for word in ("--port", "--no-browser", "--version", "rows", "REFINESCOPE_HOME"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prot", "1"], "No such option"),
        (["--port", "x"], "not a valid integer"),
        (["row", "x"], "There is no command 'row'. Did you mean rows?"),
        (["--port", "1", "rows", "x"], "--port is for serving the app"),
        (["rows"], "Missing argument"),
        (["rows", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
    ],
)
def test_what_it_cannot_do_ends_with_2_and_a_sentence(tmp_path, arguments, words):
    code, out = run_command(*arguments, home=tmp_path)
    assert (code, words in out, "Traceback" in out) == (2, True, False), out


def test_a_file_of_rows_is_printed_in_our_own_form(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prediction": {"a": "\\ud800 é"}, "inputs": {}, "reward": 1}\n\n', encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-c", MAIN, "rows", str(file), "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert process.stderr == b""
    assert json.loads(process.stdout) == {
        "id": "1",
        "inputs": {},
        "prediction": {"a": "\ud800 é"},
        "reward": 1,
    }


def test_nobody_has_to_read_all_that_it_prints(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prediction": {"a": "long"}, "inputs": {}}\n' * 20_000, encoding="utf-8")
    process = start("rows", str(file), "--json", home=tmp_path)
    assert "long" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == PIPE_CLOSED


def test_starting_it_loads_no_library_that_serving_does_not_need():
    code = (
        "import sys, refine_core.cli.commands;"
        "sys.exit(bool({'pyarrow', 'numpy', 'sqlalchemy', 'pydantic', 'litellm', 'streamlit'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_what_its_options_are(name, capsys):
    assert main([name, "--help"]) == 0
    told = capsys.readouterr().out
    assert "Usage: refinescope " in told
    assert "None" not in told
    options = [line for line in told.splitlines() if line.startswith("  --")]
    assert "  --json" in told or name in ("open", "local", "spec"), (
        "a command that tells something tells it as JSON too"
    )
    assert "Example: refinescope " in told or name not in SECTIONS["Runs"]
    assert options
    rows = {"--map", "--join", "--encoding", "--skip-bad"}
    shown = {line.split()[0] for line in options}
    assert rows <= shown or not rows & shown, "a command that takes rows has all of the options for them"


def test_the_list_of_commands_loads_none_of_them(tmp_path):
    code = (
        "import sys; from refine_core.cli import main; main(['--help']);"
        "sys.exit(any(name.startswith('refine_core.') and name.split('.')[1] not in ('cli', 'errors', 'english', 'formatting') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert all(sentence[:40] in done.stdout for one in SECTIONS.values() for sentence in one.values())


def test_the_docs_name_every_command_and_every_option():
    docs = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name, module in COMMANDS.items():
        assert f"`refinescope {name}" in docs, name
        options = importlib.import_module(module).command.params
        unnamed = [
            one for option in options for one in option.opts if one.startswith("--") and f"{one}" not in docs
        ]
        assert unnamed == [], name


def test_a_fault_of_our_own_is_not_taken_for_a_failed_check(monkeypatch, capsys):
    """Python would end with 1, the exit code of a check that fails."""
    module = types.ModuleType("a_broken_command")
    module.command = click.Command("broken", callback=lambda: 1 / 0)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(COMMANDS, "broken", module.__name__)
    assert main(["broken"]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert "ZeroDivisionError" in err


def test_json_controls_no_terminal_and_says_the_same():
    value = {"\x9b31m": ["\u202eevil\u2066", "\x7f\x85\u2028\ufeff", "é", "\ud800"], "n": 1.5}
    text = to_json(value)
    assert json.loads(text) == value
    assert [one for one in text if not one.isprintable()] == []
    assert "é" in to_json("é")
