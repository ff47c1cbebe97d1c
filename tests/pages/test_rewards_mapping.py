"""The Rewards page: a file or a pasted table becomes rows by way of a dialog, and never without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from refine_core import runs, workbench
from refine_core.programs import EXAMPLES
from tests.pages.test_pages import _own_runs, open_app  # noqa: F401  # a fixture for every test
from tests.pages.test_rewards_page import open_rewards, table_rows

DATA = Path(__file__).parents[1] / "data" / "rows"
PENDING = "rewards.file"
CSV = b"question,answer,completion,score\n2+2?,4,four,0.5\n3+3?,6,six,high\n4+4?,8,eight,1\n"


def settle(app):
    """Run the page until what is read of the file has ended, one stage after the other."""
    app.run()
    for _ in range(4):
        pending = app.session_state[PENDING] if PENDING in app.session_state else None  # noqa: SIM401  # it has no `get`
        if pending is None:
            break
        assert (pending.adding or pending.look).wait(30)
        app.run()
    assert not app.exception
    return app


def upload(app, name, data):
    return upload_all(app, (name, data))


def upload_all(app, *files):
    app.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in files])
    return settle(app)


def words(app):
    every = [*app.markdown, *app.caption, *app.error]
    return " ".join(one.value for one in every).replace("\\", "")


def press(app, label):
    (button,) = [b for b in app.button if b.label == label]
    button.click()
    return settle(app)


def add_button(app):
    (button,) = [b for b in app.button if b.key == "rewards.add-file"]
    return button


def choose(app, column, role):
    (box,) = [b for b in app.selectbox if b.label == f"What {column} becomes"]
    box.set_value(role)
    return settle(app)


def test_a_python_file_is_opened_as_the_reward_and_not_read_as_rows():
    source = b"def length(args, pred):\r\n    return float(len(pred.answer))\r\n"
    app = upload_all(open_rewards(), ("mine.csv", CSV), ("length.py", source))
    assert draft_code(app) == "def length(args, pred):\n    return float(len(pred.answer))\n"
    assert "3 rows, 4 columns" in words(app)
    assert "Add rows from length.py" not in words(app)


def draft_code(app):
    return app.session_state["rewards.code"]


def test_a_table_is_added_only_after_each_open_choice_was_made():
    app = upload(open_rewards(), "mine.csv", CSV)
    shown = words(app)
    assert "3 rows, 4 columns, CSV, UTF-8, comma" in shown
    assert "Could be the right answer or the model's. Say which." in shown
    assert "2 choices left: what are “answer” and “score”?" in shown
    assert add_button(app).disabled
    app = choose(app, "answer", "expected")
    assert "1 choice left: what is “score”?" in words(app)
    app = choose(app, "score", "reward")
    assert "“score” is “high”, not a number" in words(app)
    assert add_button(app).label == "Add 2 rows"
    app = press(app, "Add 2 rows")
    assert [row["output"] for row in table_rows(app)] == ["four", "eight"]
    assert [row["old"] for row in table_rows(app)] == ["0.50", "1.00"]
    ref = app.session_state["rewards.sources"][0]
    row = workbench.load_source(ref).rows[0]
    assert (row.inputs, row.expected) == ({"question": "2+2?"}, {"answer": "4"})
    assert PENDING not in app.session_state


def test_a_file_of_another_tool_says_what_it_was_read_as_and_needs_one_press():
    app = upload(open_rewards(), "results", (DATA / "promptfoo.json").read_bytes())
    assert "4 rows, read as promptfoo results (JSON)." in words(app)
    assert "Taken as the right answer, by its name: gold." in words(app)
    app = press(app, "Add 4 rows")
    assert table_rows(app)[0]["output"] == "Brussels"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ((DATA / "dspy-state.json").read_bytes(), "x is a saved dspy program, not rows."),
        (b"\x1f\x8b\x08", "x is compressed with gzip. Unpack it first."),
        (b"", "x is empty."),
        (b"PK\x03\x04", "x is a zip archive that is damaged or cut off."),
    ],
)
def test_a_file_that_holds_no_rows_gets_its_sentence_and_changes_nothing(data, sentence):
    app = upload(open_rewards(), "x", data)
    assert sentence in words(app)
    app = press(app, "Close")
    assert "rows" not in app.query_params
    assert not app.error


def test_a_file_of_another_encoding_is_read_again_as_somebody_says():
    app = upload(open_rewards(), "x.csv", "prompt,completion\né,ü\n".encode("cp1252"))
    assert "line 2 has the byte 0xe9" in words(app)
    app = press(app, "Read again")
    assert "1 row, 2 columns, CSV, CP1252, comma" in words(app)
    app = press(app, "Add 1 row")
    assert [row["output"] for row in table_rows(app)] == ["ü"]


def test_a_pasted_table_of_a_spreadsheet_is_mapped():
    app = open_rewards()
    app.text_area[0].set_value("prompt\tcompletion\n1\t2\n").run()
    app = press(app, "Add rows from this TSV")
    app = press(app, "Add 1 row")
    assert [row["output"] for row in table_rows(app)] == ["2"]


def test_pasted_lines_with_commas_are_outputs_and_no_table():
    app = open_rewards()
    app.text_area[0].set_value("Yes, it is, I think.\nNo, it is not, I think.").run()
    app = press(app, "Add 2 rows")
    assert [row["output"] for row in table_rows(app)] == ["Yes, it is, I think.", "No, it is not, I think."]


def test_hostile_names_and_values_are_text_in_the_dialog():
    evil = '<img src=x onerror="hurt()">**b** [go](http://evil.test) :smile:'
    cell = evil.replace('"', '""')
    data = f'"{cell}",completion\n"{cell}","{cell}"\n'.encode()
    app = upload(open_rewards(), f"{evil}.csv", data)
    for one in (*app.markdown, *app.caption):
        assert "<img" not in one.value.replace("\\<", "")
        assert "](http" not in one.value.replace("\\](", "").replace("\\]\\(", "")


def test_cancel_forgets_the_file_and_its_rows():
    app = upload(open_rewards(), "mine.csv", CSV)
    app = press(app, "Cancel")
    assert PENDING not in app.session_state
    assert "rows" not in app.query_params


def test_a_table_of_many_columns_draws_the_first_and_leaves_the_others_out():
    header = ",".join(f"c{i}" for i in range(100))
    app = upload(open_rewards(), "wide.csv", f"{header}\n{header}\n".encode())
    assert len([b for b in app.selectbox if b.label.startswith("What ")]) == 60
    assert "40 more columns left out." in words(app)


def test_all_runs_that_a_search_finds_are_added_with_one_press():
    ids = [runs.start(EXAMPLES["gamed"].spec) for _ in range(2)]
    for run_id in ids:
        runs.join(run_id, 60)
    app = open_rewards(rows=f"run:{ids[0]}")
    app = press(app, "Add all 2 runs")
    assert sorted(app.session_state["rewards.sources"]) == sorted(f"run:{run_id}" for run_id in ids)
    assert len(table_rows(app)) == 8


BATCH_OUTPUT = (
    b'{"custom_id": "q1", "response": {"body": {"choices": [{"message": {"content": "4"}}]}}, "error": null}'
)
BATCH_INPUT = b'{"custom_id": "q1", "method": "POST", "url": "/v1/responses", "body": {"input": "2+2?"}}'


def sources_inputs(app):
    return [
        dict(row.inputs)
        for ref in app.session_state["rewards.sources"]
        for row in workbench.load_source(ref).rows
    ]


def test_a_batchs_output_and_input_that_come_together_are_one_set_of_rows():
    app = upload_all(open_rewards(), ("in.jsonl", BATCH_INPUT), ("out.jsonl", BATCH_OUTPUT))
    assert "1 row, read as OpenAI batch output with its input (JSON)." in words(app)
    app = press(app, "Add 1 row")
    assert sources_inputs(app) == [{"prompt": "2+2?", "custom_id": "q1"}]
    assert PENDING not in app.session_state


def test_a_batchs_input_can_be_brought_after_its_output():
    app = upload(open_rewards(), "out.jsonl", BATCH_OUTPUT)
    assert "Its prompts are in the batch's input." in words(app)

    def bring(data):
        (field,) = [one for one in app.file_uploader if one.label.startswith("The batch's input")]
        field.set_value(("other", data, "application/octet-stream"))
        return settle(app)

    app = bring(CSV)
    assert "its records have no custom_id" in words(app)
    app = press(app, "Leave it out")
    app = bring(BATCH_INPUT)
    app = press(app, "Add 1 row")
    assert sources_inputs(app) == [{"prompt": "2+2?", "custom_id": "q1"}]


def test_several_files_are_looked_at_one_after_another():
    app = upload_all(open_rewards(), ("a.csv", CSV), ("b.jsonl", b'{"inputs": {}, "prediction": "x"}'))
    assert "3 rows, 4 columns" in words(app)
    app = press(app, "Cancel")
    assert "1 row, read as Refinescope rows" in words(app)
    app = press(app, "Add 1 row")
    assert sources_inputs(app) == [{}]
