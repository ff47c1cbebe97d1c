"""`refinescope rows`: any file as JSONL, or the question, with the exit codes that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from refine_core.cli import main

DATA = Path(__file__).parents[1] / "data" / "rows"
TABLE = "question,answer,completion\n2+2?,4,four\n3+3?,6,six\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


def run(capfdbinary, *arguments):
    code = main(["rows", *arguments])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def test_a_known_file_is_printed_row_by_row(capfdbinary):
    code, out, err = run(capfdbinary, str(DATA / "promptfoo.csv"), "--json")
    assert code == 0
    assert [json.loads(line)["reward"] for line in out.splitlines()] == [1.0, 0.75, 1.0, 0.0]
    assert err == "Taken as the right answer, by its name: gold.\n"


def test_what_is_printed_can_be_read_again(capfdbinary, tmp_path):
    _, first, _ = run(capfdbinary, str(DATA / "inspect.eval"), "--json")
    (tmp_path / "own.jsonl").write_text(first, encoding="utf-8")
    code, again, _ = run(capfdbinary, str(tmp_path / "own.jsonl"), "--json")
    assert (code, again) == (0, first)


def test_a_table_is_a_question_that_ends_with_2(capfdbinary, table):
    code, out, _ = run(capfdbinary, table, "--json")
    assert code == 2
    ask = json.loads(out)["ask"]
    assert (ask["unclear"], ask["rows"]) == (["answer"], 2)
    assert ask["missing"] == "1 choice left: what is “answer”?"
    code, out, err = run(capfdbinary, table)
    assert (code, out) == (2, "")
    assert "--map input=question --map ROLE=answer --map output=completion" in err


def test_an_answer_to_the_question_is_enough_and_guesses_are_told(capfdbinary, table):
    code, out, err = run(capfdbinary, table, "--map", "expected=answer", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[1])["expected"] == {"answer": "6"}
    assert err.splitlines() == [
        "question: input (guessed from the name)",
        "completion: output (guessed from the name)",
    ]


def test_an_answer_that_leaves_something_open_is_still_a_question(capfdbinary, table):
    code, out, _ = run(capfdbinary, table, "--map", "output=completion", "--json")
    assert (code, json.loads(out)["ask"]["unclear"]) == (2, ["answer"])


def test_bad_rows_stop_it_unless_they_may_be_left_out(capfdbinary, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"inputs": {}, "prediction": {"a": 1}}\n[1]\n', encoding="utf-8")
    code, out, err = run(capfdbinary, str(path), "--json")
    assert (code, out) == (2, "")
    assert err == "Error: bad.jsonl, line 2: it is a list, not an object with named values.\n"
    code, out, err = run(capfdbinary, str(path), "--json", "--skip-bad")
    assert (code, len(out.splitlines())) == (0, 1)
    assert "line 2: it is a list" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--map", "gold=answer"], "the roles are input, output"),
        (["--map", "output=nothing"], "There is no column “nothing”"),
        (["--encoding", "klingon"], "there is no such encoding"),
    ],
)
def test_wrong_options_end_with_2_and_a_sentence(capfdbinary, table, arguments, words):
    code, out, err = run(capfdbinary, table, *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_without_json_a_person_reads_what_is_in_the_file(capfdbinary):
    code, out, _ = run(capfdbinary, str(DATA / "inspect.json"))
    assert code == 0
    assert out.splitlines() == [
        "inspect.json: 4 rows, read as Inspect log (JSON).",
        "  inputs: input, topic",
        "  outputs: output",
        "  expected: target",
        "  parts of the reward: includes, brief",
        "  2 groups",
    ]


@pytest.fixture
def two_runs(tmp_path, monkeypatch):
    """Ids of two recorded runs, in a data folder of their own."""
    from refine_core import runs
    from refine_core.programs import EXAMPLES

    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    runs.close()
    ids = [runs.start(EXAMPLES["gamed"].spec) for _ in range(2)]
    for run_id in ids:
        runs.join(run_id, 60)
    runs.label(ids[0], 0, "bad")
    yield ids
    runs.close()


def test_a_saved_run_and_all_hits_of_a_search_are_rows(capfdbinary, two_runs):
    code, out, _ = run(capfdbinary, f"run:{two_runs[0]}", "--json")
    first = [json.loads(line) for line in out.splitlines()]
    assert (code, [row["reward"] for row in first]) == (0, [0.0, 0.5, 0.75, 1.0])
    assert (first[0]["id"], first[0]["group"], first[0]["label"]) == (f"{two_runs[0]}/1", two_runs[0], "bad")
    code, out, _ = run(capfdbinary, "runs:", "--json")
    assert {json.loads(line)["group"] for line in out.splitlines()} == set(two_runs)


@pytest.mark.usefixtures("two_runs")
def test_runs_that_are_not_there_are_a_sentence(capfdbinary):
    code, out, err = run(capfdbinary, "run:nowhere")
    assert (code, out) == (2, "")
    assert err.startswith("Error: There is no run 'nowhere'. ")
    assert run(capfdbinary, "runs:zebra crossing") == (2, "", "Error: No run matches zebra crossing.\n")


def test_what_a_file_says_cannot_control_the_terminal(capfdbinary, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("que\x1b[2Jstion,completion\n2+2?,four\n", encoding="utf-8")
    asked = run(capfdbinary, str(path))
    read = run(capfdbinary, str(path), "--map", "input=que\x1b[2Jstion")
    wrong = run(capfdbinary, str(path), "--map", "input=\x1b[2J")
    assert [code for code, _, _ in (asked, read, wrong)] == [2, 0, 2]
    assert "que [2Jstion" in read[1]
    assert "\x1b" not in "".join(text for _, out, err in (asked, read, wrong) for text in (out, err))


def test_a_batchs_output_is_joined_with_the_file_beside_it(capfdbinary, tmp_path):
    output, asked = tmp_path / "out.jsonl", tmp_path / "in.jsonl"
    body = {"choices": [{"message": {"content": "4"}}]}
    output.write_text(json.dumps({"custom_id": "q1", "response": {"body": body}, "error": None}))
    asked.write_text(
        json.dumps({"custom_id": "q1", "method": "POST", "url": "/v1/x", "body": {"input": "2+2?"}})
    )
    code, out, _ = run(capfdbinary, str(output), "--join", str(asked), "--json")
    assert (code, json.loads(out)["inputs"]) == (0, {"prompt": "2+2?", "custom_id": "q1"})
    code, _, err = run(capfdbinary, str(asked), "--join", str(asked))
    assert code == 2
    assert "neither is the output of an OpenAI batch" in err
