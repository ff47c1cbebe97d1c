"""`refinescope check`: its JSON, its exit codes, cases beside the reward, and what it says to people."""

from __future__ import annotations

import json

import pytest

from refine_core.cli import main

EXACT = "def reward(args, pred):\n    return float(pred.answer.strip().lower() == args['answer'].lower())\n"
IN_GOLD = "def reward(args, pred):\n    return float(pred.answer in args['answer'])\n"
ROW = {
    "id": "7",
    "inputs": {"question": "Capital of France?"},
    "prediction": {"answer": "Paris"},
    "expected": {"answer": "Paris"},
}
NOTHING = {
    "inputs": {},
    "prediction": {"answer": ""},
    "expected": {"answer": "Paris"},
    "want": 0,
    "name": "nothing",
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write reward.py, rows.jsonl and maybe reward.cases.json into the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(source, rows=(ROW,), cases=None):
        (tmp_path / "reward.py").write_text(source)
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        if cases is not None:
            (tmp_path / "reward.cases.json").write_text(json.dumps({"version": 1, "cases": cases}))

    return write


def check(capfdbinary, *arguments):
    """Exit code, standard output and standard error."""
    code = main(["check", *arguments])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def test_json_has_a_verdict_findings_and_cases(write, capfdbinary):
    write(IN_GOLD)
    code, out, _ = check(capfdbinary, "reward.py", "rows.jsonl", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["verdict"].startswith("3 texts without the answer are paid, all of them in full.")
    assert found["cases"] == []
    for one in found["findings"]:
        assert set(one) == {"kind", "severity", "line", "message", "evidence"}
        assert one["severity"] in {"error", "warning", "note"}
    empty = next(one for one in found["findings"] if one["kind"] == "paid-empty")
    assert empty["severity"] == "warning"
    assert empty["evidence"][0].startswith("nothing: “” scores 1.00")


def test_a_warning_fails_only_with_strict_and_a_sound_reward_never(write, capfdbinary):
    write(IN_GOLD)
    assert check(capfdbinary, "reward.py", "rows.jsonl")[0] == 0
    code, _, err = check(capfdbinary, "reward.py", "rows.jsonl", "--strict")
    assert code == 1
    assert "Check failed: " in err
    write(EXACT)
    assert check(capfdbinary, "reward.py", "rows.jsonl", "--strict")[0] == 0


def test_an_error_fails(write, capfdbinary):
    write("def reward(args, pred):\n    return float(pred.anwser == args['answer'])\n")
    code, out, _ = check(capfdbinary, "reward.py", "rows.jsonl", "--json")
    assert code == 1
    (first, *_) = json.loads(out)["findings"]
    assert (first["kind"], first["severity"], first["line"]) == ("unknown-field", "error", 2)


def test_a_syntax_error_is_a_finding_on_its_line(write, capfdbinary):
    write("def reward(args, pred):\n    return (\n")
    code, out, _ = check(capfdbinary, "reward.py", "--json")
    assert code == 1
    assert [(one["kind"], one["line"]) for one in json.loads(out)["findings"]] == [("syntax", 2)]


def test_cases_beside_the_reward_are_run_and_a_failed_one_fails(write, capfdbinary):
    write(IN_GOLD, cases=[NOTHING])
    code, out, _ = check(capfdbinary, "reward.py", "--json")
    (case,) = json.loads(out)["cases"]
    assert (code, case["name"], case["passed"], case["value"]) == (1, "nothing", False, 1.0)
    write(EXACT, cases=[NOTHING])
    assert check(capfdbinary, "reward.py", "--json")[0] == 0


def test_cases_of_another_file_take_the_place_of_those_beside(write, capfdbinary, tmp_path):
    write(IN_GOLD, cases=[NOTHING])
    (tmp_path / "other.json").write_text("[]")
    code, out, _ = check(capfdbinary, "reward.py", "--cases", "other.json", "--json")
    assert (code, json.loads(out)["cases"]) == (0, [])


def test_probes_are_made_from_cases_where_there_are_no_rows(write, capfdbinary):
    good = {"inputs": {}, "prediction": {"answer": "Paris"}, "expected": {"answer": "Paris"}, "want": "good"}
    write(IN_GOLD, cases=[good])
    _, out, _ = check(capfdbinary, "reward.py", "--json")
    assert json.loads(out)["verdict"].startswith("3 texts without the answer are paid")


def test_a_threshold_out_of_reach_is_an_error(write, capfdbinary):
    write(EXACT)
    code, out, _ = check(capfdbinary, "reward.py", "rows.jsonl", "--threshold", "2", "--json")
    assert code == 1
    assert json.loads(out)["findings"][0]["kind"] == "unreachable-threshold"


def test_questions_and_bad_input_end_with_2(write, capfdbinary, tmp_path):
    write("def grade_it(text, truth):\n    return float(text == truth)\n")
    code, out, _ = check(capfdbinary, "reward.py", "rows.jsonl", "--json")
    assert code == 2
    assert json.loads(out)["ask"]["parameters"] == ["text", "truth"]
    assert check(capfdbinary, "missing.py")[0] == 2
    write(EXACT)
    (tmp_path / "reward.cases.json").write_text('{"cases": [{"want": "fine"}]}')
    code, _, err = check(capfdbinary, "reward.py")
    assert code == 2
    assert "case 1" in err


def test_a_module_beside_the_reward_is_asked_for_and_not_called_missing(write, capfdbinary, tmp_path):
    write(
        "from clean import tidy\ndef reward(args, pred):\n    return float(tidy(pred.answer) == args['answer'])\n"
    )
    (tmp_path / "clean.py").write_text("def tidy(text):\n    return text.strip()\n")
    code, _, err = check(capfdbinary, "reward.py", "rows.jsonl")
    assert (code, "Add --with clean.py" in err, "pip install" in err) == (2, True, False)
    code, out, _ = check(capfdbinary, "reward.py", "rows.jsonl", "--with", "clean.py", "--json")
    assert (
        code,
        {one["kind"] for one in json.loads(out)["findings"]} & {"missing-module", "does-not-load"},
    ) == (0, set())


def test_people_read_the_verdict_first_then_findings_with_evidence(write, capfdbinary):
    write(IN_GOLD, cases=[NOTHING])
    _, out, _ = check(capfdbinary, "reward.py", "rows.jsonl")
    lines = out.splitlines()
    assert lines[0].startswith("3 texts without the answer are paid")
    assert "warning: line 2: An empty output is paid like an answer.  [paid-empty]" in lines
    assert "  failed: nothing: wanted = 0, got 1" in lines


def test_hostile_text_controls_no_terminal(write, capfdbinary):
    write(IN_GOLD, rows=[{**ROW, "id": "\x1b[31m", "expected": {"answer": "Pa\x1b]0;ris"}}])
    assert "\x1b" not in check(capfdbinary, "reward.py", "rows.jsonl")[1]
