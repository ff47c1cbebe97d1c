"""CSV and Parquet of attempts: read back by refine_core.rows as the rows that the run itself gives."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pyarrow import parquet

from refine_core.export import RunLog, export_run, export_runs
from refine_core.rows import read_rows, rows_of_run
from refine_core.runs import Runs
from refine_core.spec.examples import EXAMPLES
from refine_core.store import MemoryStore
from tests.logs import SCENARIOS, Log, headline, two_stages
from tests.threads import run_to_end


def plain(rows):
    """Rows without what says where they were read."""
    return [replace(row, source="") for row in rows]


@pytest.mark.parametrize("to", ["csv", "parquet"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_table_reads_back_as_the_rows_of_its_run(name, to):
    log = SCENARIOS[name]()
    expected = plain(rows_of_run(log.timeline))
    if expected:
        file = export_run(RunLog(log.records), to)
        assert plain(read_rows(file.data, name=file.name)) == expected


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_several_runs_make_one_table(to):
    logs = [headline(), two_stages()]
    expected = [row for log in logs for row in plain(rows_of_run(log.timeline))]
    file = export_runs([RunLog(log.records) for log in logs], to)
    read = plain(read_rows(file.data, name=file.name))
    assert [row.prediction for row in read] == [row.prediction for row in expected]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", " =1", "'=1", "''@x", "\uff1d1"],
)
def test_no_text_of_a_model_begins_a_formula_in_a_spreadsheet(text):
    log = Log(stages=("answer",))
    log.attempt(1.0, outputs={"answer": text})
    file = export_run(RunLog(log.records), "csv")
    cells = file.data.decode().split("\r\n", 1)[1]
    assert f'"{text}"' not in cells
    assert read_rows(file.data, name=file.name)[0].prediction == {"answer": text}


def test_a_number_in_text_stays_as_it_is():
    log = Log(stages=("answer",))
    log.attempt(-0.5, outputs={"answer": "-5.25"})
    cells = export_run(RunLog(log.records), "csv").data.decode()
    assert '"-5.25"' in cells
    assert ",-0.5," in cells


def test_the_costs_of_a_branch_add_up_to_what_it_cost():
    """What it keeps from its parent counts as nothing."""
    runs = Runs(MemoryStore())
    try:
        run_id = runs.start(EXAMPLES["one_word"].spec)
        run_to_end(runs, run_id)
        branch = run_to_end(runs, runs.branches.fork(run_id, 3, hints={"answer": "One word."})).timeline
        file = export_run(RunLog(runs.events(branch.run_id)), "parquet")
    finally:
        runs.close()
    rows = parquet.read_table(io.BytesIO(file.data)).to_pylist()
    assert [row["kept"] for row in rows][:3] == [True, True, False]
    assert sum(row["calls"] for row in rows) == branch.usage.calls
    assert {row["parent"] for row in rows} == {run_id}
