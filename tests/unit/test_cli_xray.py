"""`refinescope xray`: one row of a file, line by line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import call_in

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from refine_core.cli import main; sys.exit(main())"
REWARD = """def reward(args, pred):
    words = pred.text.split()
    score = 0.5 * (len(words) <= 3)
    score += 0.5 * ("kettle" in words)
    return score
"""


def run(folder, *arguments, reward=REWARD):
    """Exit code, standard output and standard error."""
    (folder / "reward.py").write_text(reward)
    texts = {"a": "a kettle", "b": "a pot"}
    lines = [
        json.dumps({"id": key, "inputs": {}, "prediction": {"text": text}}) for key, text in texts.items()
    ]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    return call_in(folder, "xray", "reward.py", "rows.jsonl", *arguments)


def test_two_rows_stand_side_by_side_in_json_and_for_people(tmp_path):
    code, out, _ = run(tmp_path, "--row", "a", "--beside", "b", "--json")
    found = json.loads(out)
    assert (code, [one["value"] for one in found["rows"]]) == (0, [1.0, 0.5])
    assert found["parting"] == {
        "line": 4,
        "by": -0.5,
        "part": "score",
        "same_branches": True,
        "sentence": "Both take the same branches. Row b gets 0.50 less on score, at line 4: 'kettle' is not in ['a', 'pot'].",
    }
    code, out, _ = run(tmp_path, "--row", "a", "--beside", "b")
    lines = out.splitlines()
    rule = next(i for i, line in enumerate(lines) if "The scores part here" in line)
    assert "4" in lines[rule + 1].split()[0]
    assert "2 ≤ 3 → 0.50" in out


HELPED = """def clean(text):
    return text.strip().lower()


def reward(args, pred):
    return float(clean(pred.text) == "a kettle")
"""


def test_each_helper_is_shown_with_the_line_that_called_it(tmp_path):
    _, out, _ = run(tmp_path, "--row", "a", reward=HELPED)
    lines = out.splitlines()
    assert lines.index("reward") < lines.index("clean, called at line 6")
    assert next(line for line in lines if "text.strip().lower()" in line).endswith("'a kettle'")


def test_of_several_functions_the_one_that_parts_two_rows_says_where(tmp_path):
    reward = (
        "def short(completions, **kwargs):\n    return [0.5 if len(c) < 40 else 0.0 for c in completions]\n\n"
        "def kettle(completions, **kwargs):\n    return [1.0 if 'kettle' in c else 0.0 for c in completions]\n"
    )
    code, out, _ = run(tmp_path, "--row", "a", "--beside", "b", reward=reward)
    lines = out.splitlines()
    rule = next(i for i, line in enumerate(lines) if "The scores part here" in line)
    assert (code, lines[rule + 1].split()[0]) == (0, "5")
    assert "kettle: Row b gets 1.00 less, at line 5" in out


def test_an_unknown_row_is_bad_input_that_names_the_ids(tmp_path):
    code, out, error = run(tmp_path, "--row", "c")
    assert (code, out) == (2, "")
    assert "there is no row c; the rows have the ids a, b" in error


def test_an_error_names_the_file_and_a_module_beside_it(tmp_path):
    code, _, said = run(tmp_path, "--row", "a", reward="def reward(args, pred)\n    return 1\n")
    assert (code, "reward.py, line 1: SyntaxError" in said) == (2, True)
    (tmp_path / "mine.py").write_text("X = 1\n")
    reward = "from mine import X\ndef reward(args, pred):\n    return X\n"
    code, _, said = run(tmp_path, "--row", "a", reward=reward)
    assert (code, "Add --with mine.py" in said) == (2, True)
    assert run(tmp_path, "--row", "a", "--with", "mine.py", reward=reward)[0] == 0


def test_without_a_row_the_ids_are_listed(tmp_path):
    code, out, err = run(tmp_path)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == "Error: Say which row to look at with --row ID; the rows have the ids a, b"


@pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")
@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_two_rows_side_by_side_fit_the_terminal(columns, tmp_path):
    import pty
    import termios

    run(tmp_path)  # writes the files
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    line = [sys.executable, "-c", MAIN, "xray", "reward.py", "rows.jsonl", "--row", "a", "--beside", "b"]
    with subprocess.Popen(
        line, cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "TERM": "xterm"}, stdout=theirs
    ) as process:
        os.close(theirs)
        text = b""
        try:
            while data := os.read(ours, 65536):
                text += data
        except OSError:  # Linux says so at the end
            pass
        os.close(ours)
    shown = [one for one in text.decode().splitlines() if one[:6].strip().isdecimal()]
    assert (process.returncode, len(shown)) == (0, 5)
    assert max(map(len, shown)) <= columns
    assert all(one.split()[0] == str(place) for place, one in enumerate(shown, 1))
