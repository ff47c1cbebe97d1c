"""`refinescope xray`: one row of a file, line by line."""

import json
import subprocess
import sys
from pathlib import Path

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
    line = [sys.executable, "-c", MAIN, "xray", "reward.py", "rows.jsonl", *arguments]
    done = subprocess.run(
        line, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


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
