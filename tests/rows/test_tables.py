"""Tables of no known format: guesses with reasons, what is always asked, and rows by a mapping."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from refine_core.errors import RowsError
from refine_core.rows import MappingQuestion, RowSet, open_file, parse_mapping, read_rows

CSV = """question,answer,completion,problem_id,human,step
Ann saves 500?,1250,<answer>1250</answer>,gsm-1,1,120
Ann saves 500?,1250,"twelve, fifty",gsm-1,0,120
Bob?,7,7,gsm-2,1,120
Bob?,7,8,gsm-2,0,120
"""
ALL = {
    "question": "input",
    "answer": "expected",
    "completion": "output",
    "problem_id": "group",
    "human": "label",
}


def ask(source, **kw):
    question = read_rows(source, **kw)
    assert isinstance(question, MappingQuestion)
    return question


def test_each_guess_has_its_reason_and_answer_has_none():
    question = ask(CSV)
    assert [(g.column, g.role, g.reason) for g in question.columns] == [
        ("question", "input", "guessed from the name"),
        ("answer", None, "Could be the right answer or the model's. Say which."),
        ("completion", "output", "guessed from the name"),
        ("problem_id", "group", "2 rows share each value"),
        ("human", "label", "numbers 0 and 1"),
        ("step", "leave out", "the same in all rows"),
    ]
    assert (question.count, question.read_as) == (4, "CSV, UTF-8, comma")
    assert question.columns[0].first == "Ann saves 500?"
    assert question.missing() == "1 choice left: what is “answer”?"
    assert question.missing({"answer": "expected"}) == ""


@pytest.mark.parametrize("name", ["answer", "Answer", "label", "answers"])
def test_an_ambiguous_name_is_asked_even_where_all_else_is_clear(name):
    question = ask(f"prompt,completion,{name}\na,b,c\n")
    assert question.unclear == (name,)
    with pytest.raises(RowsError, match="no column is the output"):
        read_rows(f"prompt,{name}\na,b\n", {"prompt": "input"})


def test_nothing_is_read_before_somebody_has_said_what_the_columns_are():
    assert isinstance(read_rows("prompt,completion\na,b\n"), MappingQuestion)


def test_a_mapping_makes_rows_of_a_table():
    rows = read_rows(CSV, ALL)
    assert isinstance(rows, RowSet)
    row = rows[1]
    assert (row.inputs, row.expected) == ({"question": "Ann saves 500?"}, {"answer": "1250"})
    assert (row.prediction, row.group, row.label) == ({"completion": "twelve, fifty"}, "gsm-1", "0")
    assert (row.source, row.id, rows.groups) == ("line 3", "2", 2)


def test_every_kind_of_table_gives_the_same_rows(tmp_path):
    records = [dict(zip(CSV.split("\n", maxsplit=1)[0].split(","), cells, strict=True)) for cells in (
        ("Ann?", "1250", "<answer>1250</answer>", "g1", "1", "120"), ("Bob?", "7", "8", "g2", "0", "120"))]  # fmt: skip
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(records), path)
    header = list(records[0])
    sources = {
        "CSV": "\n".join([",".join(header), *(",".join(r.values()) for r in records)]),
        "TSV": "\n".join(["\t".join(header), *("\t".join(r.values()) for r in records)]),
        "semicolons": "\ufeff" + "\r\n".join([";".join(header), *(";".join(r.values()) for r in records)]),
        "UTF-16": "\n".join([",".join(header), *(",".join(r.values()) for r in records)]).encode("utf-16"),
        "JSONL": "\n".join(map(json.dumps, records)),
        "JSON": json.dumps(records, indent=1),
        "JSON in an object": json.dumps({"meta": 1, "data": records}),
        "one line of JSON": json.dumps(records),
        "Parquet": path,
    }
    for kind, source in sources.items():
        rows = read_rows(source, ALL)
        assert [{**r.to_json(), "id": ""} for r in rows] == [
            {
                "id": "",
                "group": record["problem_id"],
                "inputs": {"question": record["question"]},
                "prediction": {"completion": record["completion"]},
                "expected": {"answer": record["answer"]},
                "label": record["human"],
            }
            for record in records
        ], kind


def test_rows_that_cannot_be_read_are_named_and_may_be_left_out():
    text = "prompt,completion,score\na,b,0.5\nc,d,high\ne,f\ng,h,\n"
    mapping = {"prompt": "input", "completion": "output", "score": "reward"}
    with pytest.raises(RowsError) as caught:
        read_rows(text, mapping, name="r.csv")
    assert str(caught.value) == "r.csv, line 3: “score” is “high”, not a number. 1 more row cannot be read."
    rows = read_rows(text, mapping, skip_bad=True)
    assert [(p.place, p.message) for p in rows.problems] == [
        ("line 3", "“score” is “high”, not a number"),
        ("line 4", "2 values for 3 columns"),
    ]
    assert [(r.prediction["completion"], r.reward) for r in rows] == [("b", 0.5), ("h", None)]
    assert rows.bad_count == 2


def test_an_empty_answer_is_an_output_and_a_missing_one_is_not():
    rows = read_rows("prompt,completion\na,\n", {"prompt": "input", "completion": "output"})
    assert rows[0].prediction == {"completion": ""}
    with pytest.raises(RowsError, match="“completion” is missing"):
        read_rows('{"p": 1, "completion": null}\n{"p": 2}', {"p": "input", "completion": "output"})


def test_columns_of_the_same_name_are_told_apart():
    assert open_file("a,score,score,score (2)\n1,2,3,4\n").columns == ("a", "score", "score (3)", "score (2)")


def test_a_header_without_some_names_numbers_them():
    assert open_file(",completion\n1,b\n").columns == ("column 1", "completion")


def test_ids_are_unique():
    mapping = {"id": "id", "output": "output"}
    assert [r.id for r in read_rows("id,output\n7,a\n7,b\n8,c\n", mapping)] == ["7", "7 (2)", "8"]


def test_a_value_in_quotes_may_hold_lines_and_its_place_is_where_it_begins():
    rows = read_rows('completion,n\n"a\nb",1\nc,1\n', {"completion": "output"})
    assert [(r.source, r.prediction["completion"]) for r in rows] == [("line 2", "a\nb"), ("line 4", "c")]


def test_several_columns_make_one_group_and_parts_are_numbers():
    mapping = {"o": "output", "step": "group", "q": "group", "a": "part", "b": "part"}
    (row,) = read_rows("o,step,q,a,b\nx,1,two,0.5,\n", mapping)
    assert (row.group, row.parts) == ("1 · two", {"a": 0.5})


def test_a_mapping_is_written_role_first():
    assert parse_mapping(["output=answer", "leave-out=a=b"]) == {"answer": "output", "a=b": "leave out"}
    for wrong, words in (("answer", "is not ROLE=COLUMN"), ("gold=a", "the roles are input, output")):
        with pytest.raises(ValueError, match=words):
            parse_mapping([wrong])
    with pytest.raises(ValueError, match="cannot be both"):
        parse_mapping(["output=a", "input=a"])


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"nowhere": "output"}, "there is no column “nowhere”; the columns are a, b"),
        ({"a": "reward", "b": "reward"}, "only one column can be the reward, not a and b"),
        ({"a": "input"}, "no column is the output"),
    ],
)
def test_a_mapping_that_does_not_fit_says_why(mapping, words):
    with pytest.raises(RowsError, match=words):
        read_rows("a,b\n1,2\n", mapping)


def test_the_question_as_json_has_all_that_a_script_needs():
    asked = ask(CSV, name="c.csv").to_json()
    assert asked["unclear"] == ["answer"]
    assert asked["columns"][2] == {
        "column": "completion",
        "first": "<answer>1250</answer>",
        "guess": "output",
        "reason": "guessed from the name",
    }


def test_a_long_first_value_is_cut_in_the_question():
    question = ask("completion,prompt\n" + "x" * 5000 + ",y\n")
    assert len(question.columns[0].first) == 200


def test_a_choice_takes_a_role_that_only_one_column_has_from_a_guess():
    question = ask("completion,score,judge\na,1,2\n")
    assert question.guesses["score"] == "reward"
    assert question.complete({"judge": "reward"}) == {"completion": "output", "judge": "reward"}
    assert question.missing({"judge": "reward"}) == ""
    assert (
        "only one column can be the reward"
        in question.missing({"judge": "reward", "score": "reward"}).lower()
    )
