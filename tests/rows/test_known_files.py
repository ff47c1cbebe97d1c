"""Files that other tools write are recognised by their content and read unedited."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from refine_core.errors import RowsError
from refine_core.rows import MappingQuestion, RowSet, read_rows

DATA = Path(__file__).parents[1] / "data" / "rows"


def read(source, *args, **kw):
    rows = read_rows(source, *args, **kw)
    assert isinstance(rows, RowSet), rows
    return rows


def lines(*records):
    return "\n".join(json.dumps(record) for record in records).encode()


def parquet(table, path):
    pq.write_table(pa.table(table) if isinstance(table, dict) else table, path)
    return path


@pytest.mark.parametrize("name", ["promptfoo.json", "promptfoo.jsonl", "promptfoo.csv"])
def test_promptfoos_three_files_give_the_same_rows(name):
    rows = read(DATA / name)
    assert rows.format.startswith("promptfoo results")
    by_output = {row.prediction["output"]: row for row in rows}
    assert set(by_output) == {
        "Brussels",
        'The capital, of course, is Brussels, "a city".',
        "4",
        "It is\nfive.",
    }
    long = by_output['The capital, of course, is Brussels, "a city".']
    assert (long.reward, long.parts, long.feedback) == (0.75, {"brief": 0.5}, "All assertions passed")
    assert long.inputs == {"question": "What is the capital of Belgium?"}
    assert long.expected == {"gold": "Brussels"}
    assert by_output["Brussels"].group == long.group != by_output["4"].group
    assert rows.notes == ("Taken as the right answer, by its name: gold.",)


def test_promptfoos_older_results_and_failed_calls_are_read():
    case = {"vars": {"q": "?"}, "assert": [{"type": "equals", "value": "4"}]}
    results = [
        {"vars": {"q": "?"}, "success": True, "score": 1, "namedScores": {}, "response": {"output": {"n": 4}}, "testCase": case},
        {"vars": {"q": "?"}, "success": False, "score": 0, "namedScores": {}, "error": "API error: 500"},
    ]  # fmt: skip
    rows = read(json.dumps({"results": {"version": 2, "results": results}}))
    (row,) = rows
    assert (row.prediction, row.expected) == ({"output": {"n": 4}}, {"expected": "4"})
    assert rows.notes == (
        "Taken as the right answer: the test's own “expected”, or else the value of its first assertion.",
        "1 record without an output left out.",
    )


@pytest.mark.parametrize("name", ["inspect.eval", "inspect.json"])
def test_inspects_logs_give_samples_with_scores_and_epochs(name):
    rows = read(DATA / name)
    by_id = {row.id: row for row in rows}
    assert set(by_id) == {"capital, epoch 1", "capital, epoch 2", "sum, epoch 1", "sum, epoch 2"}
    row = by_id["capital, epoch 2"]
    assert (row.group, row.prediction) == ("capital", {"output": "It is Brussels, of course."})
    assert row.inputs == {"input": "What is the capital of Belgium?", "topic": "cities"}
    assert by_id["sum, epoch 1"].expected == {"target": ["4", "four"]}
    assert row.parts == {"includes": 1.0}, "C is 1, and NaN is unscored"
    assert by_id["sum, epoch 2"].parts == {"includes": 0.0, "brief": 1.0}
    assert "2 scores without a total" in rows.notes[0]


def test_an_attachment_of_inspect_is_put_where_it_is_named():
    sample = {
        "id": 1, "epoch": 1, "input": "attachment://ab", "target": "x", "messages": [], "attachments": {"ab": "the text"},
        "output": {"choices": [{"message": {"content": [{"type": "text", "text": "yes"}]}}]},
        "scores": {"match": {"value": "P"}},
    }  # fmt: skip
    (row,) = read(json.dumps({"version": 2, "eval": {}, "samples": [sample]}))
    assert (row.inputs["input"], row.prediction, row.reward) == ("the text", {"output": "yes"}, 0.5)


@pytest.mark.parametrize("name", ["dspy-evaluate.csv", "dspy-evaluate.json"])
def test_what_dspys_evaluate_leaves_open_is_asked(name):
    question = read_rows(DATA / name)
    assert isinstance(question, MappingQuestion)
    assert question.unclear == ("reasoning",)
    assert question.guesses == {
        "question": "input",
        "example_answer": "expected",
        "pred_answer": "output",
        "exact": "reward",
    }
    rows = read(DATA / name, {**question.guesses, "reasoning": "output"})
    assert [(r.prediction["answer"], r.expected, r.reward) for r in rows] == [
        ("Brussels", {"answer": "Brussels"}, 1.0),
        ("five", {"answer": "4"}, 0.0),
    ]
    assert rows[0].prediction["reasoning"] == "It is in Belgium."


def test_a_saved_dspy_program_is_refused_in_words():
    with pytest.raises(RowsError, match="is a saved dspy program, not rows"):
        read_rows(DATA / "dspy-state.json")


def test_openais_output_items_are_read_line_by_line_and_as_a_list():
    item = {
        "object": "eval.run.output_item", "id": "outputitem_1", "datasource_item_id": 7, "status": "pass",
        "datasource_item": {"input": "2+2?", "ground_truth": "4"},
        "sample": {"output": [{"role": "assistant", "content": "4"}], "input": [], "error": None},
        "results": [{"name": "String check-5f1d4a2c0b3e4d5f8a9b0c1d2e3f4a5b", "passed": True, "score": 1.0}],
    }  # fmt: skip
    failed = {**item, "id": "outputitem_2", "sample": {"output": [], "error": {"message": "refused"}}}
    for source in (lines(item, failed), json.dumps({"object": "list", "data": [item, failed]})):
        (row,) = read(source)
        assert (row.id, row.group, row.reward) == ("outputitem_1", "7", 1.0)
        assert (row.inputs, row.expected, row.prediction) == (
            {"input": "2+2?"},
            {"ground_truth": "4"},
            {"output_text": "4"},
        )


def test_two_graders_of_openai_are_parts_with_their_own_names():
    item = {
        "object": "eval.run.output_item", "datasource_item": {"q": "?"},
        "sample": {"output": [{"content": [{"type": "output_text", "text": "four"}]}]},
        "results": [{"name": "exact", "score": 0}, {"name": "judge", "score": 0.5, "reason": "close"}],
    }  # fmt: skip
    (row,) = read(lines(item))
    assert (row.reward, row.parts, row.feedback) == (None, {"exact": 0.0, "judge": 0.5}, "close")
    assert row.prediction == {"output_text": "four"}


def test_an_openai_batch_says_that_its_inputs_are_elsewhere():
    good = {
        "id": "b",
        "custom_id": "q1",
        "response": {"status_code": 200, "body": {"choices": [{"message": {"content": "4"}}]}},
    }
    bad = {"id": "c", "custom_id": "q2", "response": None, "error": {"message": "expired"}}
    rows = read(lines(good, bad))
    assert [(r.id, r.prediction) for r in rows] == [("q1", {"output_text": "4"})]
    assert rows.notes[0].startswith("A batch's output holds no prompts")


def batch(*answers):
    return lines(
        *(
            {"id": f"batch_req_{key}", "custom_id": key, "error": None,
             "response": {"status_code": 200, "request_id": "r", "body": {"choices": [{"message": {"role": "assistant", "content": text}}]}}}
            for key, text in answers
        )
    )  # fmt: skip


def request(key, body, url="/v1/chat/completions"):
    return {"custom_id": key, "method": "POST", "url": url, "body": {"model": "m", **body}}


OUTPUT = batch(("q2", "five"), ("q1", "4"))
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}]
INPUT = lines(
    request("q1", {"messages": MESSAGES, "metadata": {"ground_truth": "4", "topic": "sums"}}),
    request("q2", {"input": "2+3?", "instructions": "Be brief."}, "/v1/responses"),
)


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"choices": [{"message": {"content": "one"}}, {"message": {"content": "two"}}]}, ["one", "two"]),
        ({"choices": [{"text": "plain", "index": 0}]}, ["plain"]),
        (
            {"output": [
                {"type": "reasoning", "summary": []},
                {"type": "message", "content": [{"type": "output_text", "text": "said"}]},
                {"type": "web_search_call", "id": "ws"},
            ]},
            ["said"],
        ),
    ],
)  # fmt: skip
def test_a_batch_may_be_of_chats_of_completions_or_of_responses(body, texts):
    rows = read(lines({"custom_id": "q1", "response": {"body": body}}), join_with=INPUT)
    assert [row.prediction["output_text"] for row in rows] == texts
    assert {row.inputs["custom_id"] for row in rows} == {"q1"}
    assert {row.group for row in rows} == ({"q1"} if len(texts) > 1 else {None})


def test_an_openai_batch_is_joined_with_its_input_in_either_order():
    for first, second in ((OUTPUT, INPUT), (INPUT, OUTPUT)):
        rows = read(first, join_with=second)
        assert rows.format == "OpenAI batch output with its input (JSONL)"
        assert [row.prediction["output_text"] for row in rows] == ["five", "4"]
        assert rows[1].inputs == {"prompt": MESSAGES, "topic": "sums", "custom_id": "q1"}
        assert rows[1].expected == {"ground_truth": "4"}
        assert rows[0].inputs == {"prompt": "2+3?", "instructions": "Be brief.", "custom_id": "q2"}


def test_a_batch_takes_right_answers_from_a_table_with_custom_id():
    table = b"custom_id,question,gold\nq1,2+2?,4\nq2,2+3?,5\nq9,unused,0\n"
    rows = read(OUTPUT, join_with=table)
    assert (rows[0].inputs, rows[0].expected) == ({"question": "2+3?", "custom_id": "q2"}, {"gold": "5"})
    assert rows.notes == ("Taken as the right answer, by its name: gold.",)


def test_an_output_that_was_not_asked_for_is_kept_and_told():
    rows = read(batch(("q1", "4"), ("q7", "?")), join_with=INPUT)
    assert rows[1].inputs == {"custom_id": "q7"}
    assert "1 output is not asked for in the file" in rows.notes[0]


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (OUTPUT, lines(request("x", {"messages": []})), "the input of another batch"),
        (OUTPUT, b"question,gold\n2+2?,4\n", "its records have no custom_id"),
        (OUTPUT, OUTPUT, "its records have no custom_id|cannot be joined"),
        (INPUT, INPUT, "neither is the output of an OpenAI batch"),
        (OUTPUT, INPUT + b"\n" + lines(request("q1", {"messages": []})), "two different records for the custom_id q1"),
        (OUTPUT, INPUT + b"\n{broken", "cannot be read, line 3"),
    ],
)  # fmt: skip
def test_files_that_do_not_belong_together_are_refused_in_words(first, second, sentence):
    with pytest.raises(RowsError, match=sentence):
        read_rows(first, join_with=second)


def test_a_batchs_input_alone_says_what_is_missing():
    with pytest.raises(RowsError, match=r"has prompts and no outputs\. Bring the batch's output"):
        read_rows(INPUT)


def test_trls_completions_group_by_step_and_prompt(tmp_path):
    def chat(text):
        return [{"role": "assistant", "content": text}]

    table = {
        "step": [1, 1, 2],
        "prompt": [[{"role": "user", "content": "2+2?"}]] * 3,
        "completion": [chat("4"), chat("5"), chat("")],
        "correct": [1.0, 0.0, None],
        "answer": ["4", "4", "4"],
        "advantage": [0.7, -0.7, 0.0],
    }
    rows = read(parquet(table, tmp_path / "any name at all"))
    assert rows.format == "TRL completions (Parquet)"
    assert [r.prediction for r in rows] == [{"completion": "4"}, {"completion": "5"}, {"completion": ""}]
    assert [r.reward for r in rows] == [1.0, 0.0, None]
    assert rows.groups == 2
    assert rows[0].expected == {"answer": "4"}, "`answer` is the right answer in TRL"
    assert rows[0].inputs == {"prompt": [{"role": "user", "content": "2+2?"}]}


def test_several_rewards_of_trl_are_parts_and_have_no_total(tmp_path):
    table = {
        "step": [1],
        "prompt": ["?"],
        "completion": ["4"],
        "correct": [1.0],
        "format": [0.5],
        "advantage": [0.0],
    }
    rows = read(parquet(table, tmp_path / "completions_00001.parquet"))
    assert (rows[0].reward, rows[0].parts) == (None, {"correct": 1.0, "format": 0.5})
    assert rows.notes == ("2 scores without a total, kept as parts: correct, format.",)


def test_results_of_verifiers_keep_their_metrics_and_their_gold_answer():
    record = {
        "example_id": 3, "prompt": [{"role": "user", "content": "?"}], "answer": "4", "info": {"level": 1}, "reward": 0.5,
        "completion": [{"role": "assistant", "content": "let me see"}, {"role": "tool", "content": "4"}, {"role": "assistant", "content": "4"}],
        "metrics": {"correct": 1.0, "format": 0.0}, "error": None, "timing": {}, "is_completed": True,
    }  # fmt: skip
    (row,) = read(lines(record))
    assert (row.group, row.reward, row.parts) == ("3", 0.5, {"correct": 1.0, "format": 0.0})
    assert row.prediction["completion"] == "4"
    assert len(row.prediction["messages"]) == 3
    assert (row.expected, row.inputs["info"]) == ({"answer": "4"}, {"level": 1})


def test_rollouts_of_verl_are_read():
    (row,) = read(
        lines(
            {"input": "2+2?", "output": "5", "gts": "4", "score": 0.0, "step": 9, "acc": False, "pred": "5"}
        )
    )
    assert (row.expected, row.reward, row.parts) == ({"ground_truth": "4"}, 0.0, {"acc": 0.0})
    assert row.group == "9 · 2+2?"


def test_samples_of_lm_eval_are_read_and_its_totals_are_refused():
    record = {
        "doc_id": 0, "doc": {"question": "?", "answer": "#### 4"}, "target": "4", "arguments": {}, "resps": [["It is 4"]],
        "filtered_resps": ["4"], "filter": "strict-match", "metrics": ["exact_match"], "exact_match": 1.0, "doc_hash": "x",
    }  # fmt: skip
    rows = read(lines(record, {**record, "filter": "flexible-extract"}))
    assert [(r.id, r.group, r.reward) for r in rows] == [
        ("0 · strict-match", "0", 1.0),
        ("0 · flexible-extract", "0", 1.0),
    ]
    with pytest.raises(RowsError, match="lm-eval's totals"):
        read_rows(json.dumps({"results": {}, "configs": {}, "versions": {}, "n-shot": {}}, indent=1))


def test_langsmiths_frame_is_read_from_csv_and_parquet(tmp_path):
    csv = "inputs.question,outputs.answer,outputs.notes,reference.answer,feedback.correct,feedback.comment,error,example_id,id\n2+2?,4,,4,True,fine,,e1,r1\n?,,,4,,,boom,e1,r2\n"
    table = pa.table({"inputs.question": ["2+2?", "?"], "outputs.answer": ["4", None], "reference.answer": ["4", "4"],
                      "feedback.correct": [True, None], "example_id": ["e1", "e1"], "id": ["r1", "r2"]})  # fmt: skip
    for source in (csv, parquet(table, tmp_path / "frame")):
        row = read(source)[0]
        assert (row.id, row.group, row.reward) == ("r1", "e1", 1.0)
        assert (row.inputs, row.expected) == ({"question": "2+2?"}, {"answer": "4"})
        assert row.prediction["answer"] == "4"


def test_spans_of_phoenix_are_read_with_json_in_their_values(tmp_path):
    table = {
        "context.span_id": ["s1"], "context.trace_id": ["t1"], "attributes.input.value": ['{"question": "2+2?", "reference": "4"}'],
        "attributes.output.value": ["four"], "eval.correct.score": [0.25],
    }  # fmt: skip
    (row,) = read(parquet(table, tmp_path / "spans"))
    assert (row.id, row.group, row.reward) == ("s1", "t1", 0.25)
    assert (row.inputs, row.expected) == ({"question": "2+2?"}, {"reference": "4"})
    assert row.prediction == {"output": "four"}


def test_a_file_is_told_by_its_content_whatever_it_is_called(tmp_path):
    path = tmp_path / "photo.csv"
    path.write_bytes((DATA / "inspect.eval").read_bytes())
    assert read(path).format == "Inspect log (eval)"
    assert read((DATA / "promptfoo.json").read_bytes(), name="x.txt").format == "promptfoo results (JSON)"
    assert read((DATA / "promptfoo.json").read_text(encoding="utf-8")).format == "promptfoo results (JSON)"


def test_a_mapping_moves_values_of_a_known_file_to_another_role():
    rows = read(DATA / "promptfoo.json", {"question": "expected", "brief": "reward", "gold": "label"})
    assert (rows[0].inputs, rows[0].label) == ({}, "Brussels")
    assert rows[0].expected == {"question": "What is the capital of Belgium?"}
    with pytest.raises(
        RowsError, match="there is no column “answer”; the columns are question, output, gold, brief"
    ):
        read_rows(DATA / "promptfoo.json", {"answer": "expected"})


def test_the_completions_of_trl_keep_an_empty_score_apart_from_columns():
    """None of a reward is NaN in the file: it is neither an input nor does it make the other reward the total."""
    rows = read(DATA / "trl-completions.parquet")
    assert [row.parts for row in rows] == [
        {"correct": 1.0, "format_reward": 0.5},
        {"correct": 0.0, "format_reward": 0.5},
        {"correct": 1.0},
        {"correct": 1.0, "format_reward": 1.0},
    ]
    assert {row.reward for row in rows} == {None}
    assert [set(row.inputs) for row in rows] == [{"prompt"}] * 4
    assert rows[3].prediction == {"completion": "<think>hm</think>\nBrussels"}
    assert (rows[2].expected, rows.groups) == ({"solution": "Brussels"}, 2)


@pytest.mark.parametrize("name", ["langsmith.csv", "langsmith.parquet"])
def test_the_frame_of_langsmith_is_read_as_the_library_writes_it(name):
    rows = read(DATA / name)
    assert [(r.inputs["question"], r.prediction["answer"], r.expected["answer"]) for r in rows] == [
        ("What is the capital of Belgium?", "Brussels", "Brussels"),
        ("What is 2 + 2?", "five", "4"),
    ]
    assert [row.parts for row in rows] == [{"exact": 1.0, "brief": 0.5}, {"exact": 0.0, "brief": 0.5}]
    assert rows[0].group == "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize("empty", ["", "None", "NaN"])
def test_a_lone_score_of_a_row_is_no_total_where_others_have_two(empty):
    """Else `reward` would mean another thing in each row."""
    csv = f"inputs.q,outputs.a,feedback.correct,feedback.brief\n?,4,1,0.5\n?,5,0,{empty}\n"
    assert [(r.reward, r.parts) for r in read(csv)] == [
        (None, {"correct": 1.0, "brief": 0.5}),
        (None, {"correct": 0.0}),
    ]


def test_traces_of_verifiers_give_the_reply_the_weighted_sum_and_the_group():
    rows = read(DATA / "verifiers-traces.jsonl")
    assert rows.format == "verifiers traces (JSONL)"
    assert [row.prediction["completion"] for row in rows] == ["Brussels", "It is Ghent.", "4"]
    assert [row.reward for row in rows] == [pytest.approx(1.1), pytest.approx(0.1), 1.0]
    assert rows[0].parts == {"exact": 1.0, "brief": 0.5, "length": 8.0}
    assert [row.group for row in rows] == ["g0", "g0", "task-1"]
    question = "What is the capital of Belgium?"
    assert (rows[0].inputs, rows[0].expected) == (
        {"prompt": question, "question": question},
        {"answer": "Brussels"},
    )
    assert [m["role"] for m in rows[2].prediction["messages"]] == ["assistant", "tool", "assistant"]
    assert rows.notes == ("1 record without an output left out.",)


def test_samples_of_lm_eval_keep_the_reply_beside_what_the_filter_left():
    rows = read(DATA / "lm-eval-samples.jsonl")
    assert [(r.id, r.prediction["response"], r.expected["target"], r.reward) for r in rows] == [
        ("0 · strict", "Brussels", "Brussels", 1.0),
        ("1 · strict", "5", "4", 0.0),
        ("0 · loose", "It", "Brussels", 0.0),
        ("1 · loose", "It", "4", 0.0),
    ]
    assert rows[1].prediction["unfiltered"] == "It is #### 5, I think"


def test_rollouts_that_verls_own_code_wrote_are_read():
    rows = read(DATA / "verl.jsonl")
    assert [(r.prediction, r.expected, r.reward, r.parts) for r in rows] == [
        ({"output": "4"}, {"ground_truth": "4"}, 1.0, {"acc": 1.0}),
        ({"output": "five"}, {"ground_truth": "4"}, 0.0, {"acc": 0.0}),
        ({"output": "Brussels"}, {}, 1.0, {"acc": 1.0}),
    ]


def test_spans_of_phoenix_are_read_with_the_annotations_joined_to_them():
    rows = read(DATA / "phoenix-spans.parquet")
    assert [(r.id, r.inputs, r.prediction, r.reward, r.feedback) for r in rows] == [
        ("0000000000000002", {"question": "What is 2 + 2?"}, {"output": "five"}, 0.0, ""),
        ("0000000000000001", {"input": "What is the capital of Belgium?"}, {"output": "Brussels"}, 1.0, "same"),
    ]  # fmt: skip
