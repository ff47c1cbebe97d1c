"""Tables of inputs: read, checked by row and column before anything is spent, and kept with versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import datasets
from refine_core.datasets import Column, Table, TableCheck
from refine_core.errors import RowsError
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.store import MemoryStore

SPEC = ProgramSpec(
    (StageSpec("write", "product, audience -> headline"),), 'def reward(args, pred): return args["price"]'
)
HEAD = "product,audience,price\n"
GOOD = HEAD + "Kettle,Students,39.90\nLamp,Readers,24\n"


def opened(text: str | bytes, name: str = "headlines.csv") -> Table:
    return datasets.open_table(text.encode() if isinstance(text, str) else text, name=name)


def columns(table: Table, spec: ProgramSpec = SPEC) -> list[Column]:
    return [guess.column for guess in datasets.suggest_columns(table, spec)]


def checked(text: str, spec: ProgramSpec = SPEC) -> TableCheck:
    table = opened(text)
    return datasets.check_table(table, columns(table, spec), spec)


def problems(text: str, spec: ProgramSpec = SPEC) -> list[str]:
    found = checked(text, spec)
    return [str(one) for one in (*found.blocking, *found.problems)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + "Bell,Commuters,30\n" * 2 + "Jacket,Walkers,cheap\n", "row 5 (line 6): price is “cheap”, not a number"),
        (GOOD + ",Walkers,3\n", "row 3 (line 4): product is empty"),
        (GOOD + "Bell,Commuters\n", "row 3 (line 4): 2 values for 3 columns"),
        (GOOD + f"{'x' * 140_000},Walkers,3\n", "row 3 (line 4): a value has more than 131,072 characters, too many for CSV; use JSONL or Parquet"),
        ("product,price\nKettle,3\nLamp,4\n", "No column is the input audience. The table has product and price."),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_named_by_row_line_and_column(text, problem):
    assert problems(text) == [problem]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "holds nothing but blank space"),
        (HEAD.encode(), "has a header and no rows"),
        (b"product,audience\nK\xe4ttel,x\n", "is not UTF-8 text: line 2"),
        (b"product,audience\nKet\0tle,x\n", "has a NUL byte in line 2"),
        (b"PK\x03\x04", "headlines.csv"),
        (b"\x1f\x8b\x08", "compressed with gzip"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(content, words):
    with pytest.raises(RowsError, match=words):
        opened(content)


def test_the_rows_that_can_be_run_may_run_if_a_person_says_so():
    found = checked(GOOD + ",Walkers,3\n")
    assert (found.good, found.bad) == (2, 1)
    assert not found.is_ready(skip_bad=False)
    assert found.is_ready(skip_bad=True)


def test_a_missing_input_keeps_every_row_from_running():
    assert not checked("product,price\nKettle,3\n").is_ready(skip_bad=True)


def test_notes_name_extra_and_double_columns_formulas_and_equal_rows():
    notes = checked("product,audience,price,price,id\n=A1,b,1,1,1\n=A1,b,1,1,2\n").notes
    assert any("Two columns are called price: the second is left out" in note for note in notes)
    assert any("Column id (guessed: it names the rows) is left out" in note for note in notes)
    assert any("1 row repeats the inputs of another row" in note for note in notes)
    assert any("kept as text, not computed" in note for note in notes)


def test_names_match_whatever_their_case_and_spaces():
    guesses = datasets.suggest_columns(opened("PRODUCT,Target audience,price (€)\nKettle,Students,3\n"), SPEC)
    assert [(one.column.role, one.column.field) for one in guesses] == [
        ("input", "product"),
        ("input", "audience"),
        ("reward only", "price"),
    ]


def test_a_column_called_as_an_input_is_that_input_where_it_is_empty_too():
    """Else "no column is the input product" stands beside a table that has it; its rows say what is missing."""
    table = opened("product,audience\n,\nKettle\n")
    assert [(one.name, one.field) for one in columns(table) if one.role == "input"][:1] == [
        ("product", "product")
    ]


def test_a_number_with_leading_zeros_stays_text():
    assert columns(opened(HEAD + "Kettle,Students,007\nLamp,Readers,12\n"))[2].type == "text"


def test_values_have_the_types_of_the_signature():
    spec = replace(
        SPEC, stages=(StageSpec("a", "tags: list[str], n: int, keep: bool, d: dict[str, int] -> b"),)
    )
    table = datasets.open_table(b'{"tags": ["a"], "n": "3", "keep": true, "d": {"x": 1}}\n', name="t.jsonl")
    row = datasets.keep(MemoryStore(), table, columns(table, spec)).rows[0]
    assert row.values == {"tags": ["a"], "n": 3, "keep": True, "d": {"x": 1}}


def test_a_nested_value_is_no_text():
    table = datasets.open_table(b'{"product": ["a"], "audience": "b"}\n', name="t.jsonl")
    (problem,) = datasets.check_table(table, columns(table), SPEC).problems
    assert str(problem) == 'row 1: product is “["a"]”, not text'


def test_a_table_beyond_the_limit_says_how_much_can_be_taken():
    found = checked(HEAD + "Kettle,Students,3\n" * (datasets.MAX_ROWS + 1))
    assert (found.rows, found.good) == (datasets.MAX_ROWS + 1, datasets.MAX_ROWS)
    assert "the first 100,000 rows can be taken" in str(found.problems[-1])


def test_a_dataset_comes_back_from_the_store_as_it_was_kept():
    store, table = MemoryStore(), opened(GOOD)
    kept = datasets.keep(store, table, columns(table))
    read = datasets.get(store, kept.id)
    assert read is not None
    assert list(read.rows) == list(kept.rows)
    assert (read.rows[1].number, read.rows[1].source) == (2, "headlines.csv, line 3")
    assert dict(read.rows[0].values) == {"product": "Kettle", "audience": "Students", "price": 39.9}


def test_the_same_table_is_kept_once():
    store, table = MemoryStore(), opened(GOOD)
    first, again = (datasets.keep(store, table, columns(table)) for _ in range(2))
    assert (first.id, first.version) == (again.id, again.version)


def test_added_rows_make_a_version_and_leave_the_others_alone():
    store, table = MemoryStore(), opened(GOOD)
    first = datasets.keep(store, table, columns(table))
    second = datasets.keep(store, opened(HEAD + "Bell,Commuters,30\n", "more.csv"), (), extends=first.id)
    assert (second.version, len(second.rows)) == (2, 3)
    assert list(second.rows)[:2] == list(first.rows)
    old = datasets.get(store, first.id, 1)
    assert old is not None
    assert len(old.rows) == 2


def test_rows_that_are_left_out_stay_so_when_others_are_added():
    store, table = MemoryStore(), opened(GOOD + ",Walkers,3\n")
    first = datasets.keep(store, table, columns(table), skip_bad=True)
    second = datasets.keep(store, opened(HEAD + "Bell,Commuters,30\n", "more.csv"), (), extends=first.id)
    assert [row.values["product"] for row in second.rows] == ["Kettle", "Lamp", "Bell"]


def test_added_bad_rows_wait_until_they_may_be_left_out():
    store, table, more = MemoryStore(), opened(GOOD), opened(GOOD + ",Walkers,3\n", "more.csv")
    first = datasets.keep(store, table, columns(table))
    with pytest.raises(RowsError, match=r"more\.csv, row 3 \(line 4\): product is empty"):
        datasets.keep(store, more, (), extends=first.id)
    added = datasets.keep(store, more, (), extends=first.id, pending=True)
    assert (added.pending, len(added.rows)) == (True, 4)
    last = datasets.keep(store, opened(GOOD, "last.csv"), (), extends=first.id, version=added.version)
    assert last.pending, "nobody has agreed yet"
    agreed = datasets.set_columns(store, first.id, added.columns, added.version, skip_bad=True)
    assert agreed is not None
    assert (agreed.pending, list(agreed.rows)) == (False, list(added.rows))


def test_rows_are_added_to_the_version_that_is_named():
    store, table = MemoryStore(), opened(GOOD)
    first = datasets.keep(store, table, columns(table))
    left = [replace(one, role="left out") if one.name == "price" else one for one in first.columns]
    datasets.set_columns(store, first.id, left)
    added = datasets.keep(store, opened(GOOD, "more.csv"), (), extends=first.id, version=1)
    assert added.columns == first.columns


def test_the_reward_says_what_it_reads_beside_the_inputs():
    source = """
def reward(args, pred):
    low, high = args["low"], args.get("high", 9)
    return args["product"] in pred.headline and low < other["no"] < high + args.extra
"""
    assert datasets.list_reward_fields(replace(SPEC, reward=source)) == ("low", "high", "extra")
    assert datasets.list_reward_fields(replace(SPEC, reward="def (")) == ()


def test_bad_rows_are_refused_until_they_may_be_left_out():
    store, table = MemoryStore(), opened(GOOD + ",Walkers,3\n")
    with pytest.raises(RowsError, match=r"row 3 \(line 4\): product is empty"):
        datasets.keep(store, table, columns(table))
    assert len(datasets.keep(store, table, columns(table), skip_bad=True).rows) == 2
    assert datasets.keep(store, table, columns(table), pending=True).pending


def test_a_dataset_that_an_experiment_has_is_not_deleted():
    store, table = MemoryStore(), opened(GOOD)
    kept = datasets.keep(store, table, columns(table))
    store.put("experiment", "e", f'{{"dataset_id": "{kept.id}"}}')
    with pytest.raises(RowsError, match="1 experiment has these inputs"):
        datasets.delete(store, kept.id)
    store.drop("experiment", "e")
    assert datasets.delete(store, kept.id)
    assert datasets.get(store, kept.id) is None
    assert datasets.list_datasets(store) == []


def test_the_worked_example_can_be_run_as_it_is():
    example = datasets.example_dataset()
    assert datasets.check_table(example.table, example.columns, example.spec).is_ready(skip_bad=False)
