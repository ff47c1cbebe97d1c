"""Typed inputs and outputs: what is recorded is plain JSON, what a program and its reward are given has its type."""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import reduce

import pytest

from refine_core import MemoryStore, ProgramSpec, StageSpec
from refine_core.events import LMRequested, RewardScored
from refine_core.jsonable import to_jsonable
from refine_core.log.summaries import summarize
from refine_core.refine.build import Pipeline
from refine_core.refine.resuming import ResumeState
from refine_core.runs import Runs

REWARD = """
import datetime, decimal
def reward(args, pred):
    assert args["day"] == datetime.date(2026, 1, 2), args["day"]
    assert args["price"] == decimal.Decimal("1.50") and isinstance(args["price"], decimal.Decimal)
    assert args["pair"] == ("a", 2), args["pair"]
    assert isinstance(pred.total, decimal.Decimal), pred.total
    return 1.0
"""
SIGNATURE = "day: date, price: Decimal, pair: tuple[str, int] -> total: Decimal"
TYPED = {"day": datetime.date(2026, 1, 2), "price": Decimal("1.50"), "pair": ("a", 2)}


@pytest.mark.fault(13)
@pytest.mark.parametrize(
    "inputs", [TYPED, {"day": "2026-01-02", "price": "1.50", "pair": ["a", 2]}], ids=["typed", "as recorded"]
)
def test_the_apps_reward_sees_the_types_that_the_signature_names(inputs):
    runs = Runs(MemoryStore())
    run_id = runs.start(ProgramSpec((StageSpec("answer", SIGNATURE),), REWARD, inputs, N=1))
    runs.join(run_id, 30)
    line = runs.get(run_id).timeline
    runs.close()
    (attempt,) = line.attempts
    assert attempt.state == "scored", attempt
    assert line.spec.inputs == {"day": "2026-01-02", "price": "1.50", "pair": ["a", 2]}


@pytest.mark.fault(13)
def test_a_run_that_is_gone_on_with_has_its_outputs_with_their_types():
    """The log holds plain data; advice asked for after an interruption must be asked for in the same words."""
    spec = ProgramSpec((StageSpec("answer", SIGNATURE),), "def reward(args, pred): return 0.5", TYPED, N=2)
    runs = Runs(MemoryStore())
    run_id = runs.start(spec)
    runs.join(run_id, 30)
    records = runs.events(run_id)
    runs.close()
    scored = next(i for i, r in enumerate(records) if isinstance(r.event, RewardScored))
    store = MemoryStore()
    store.append(records[: scored + 1], reduce(summarize, records[: scored + 1], None))
    store.interrupt()
    again = Runs(store)
    again.resume(run_id)
    again.join(run_id, 30)
    resumed = again.events(run_id)[scored + 1 :]
    again.close()
    (asked, asked_again) = (
        next(r.event.messages for r in rs if isinstance(r.event, LMRequested) and r.event.purpose == "advice")
        for rs in (records, resumed)
    )
    assert asked_again == asked
    before = ResumeState.of(records[: scored + 1])
    assert isinstance(before.outputs(0, Pipeline(spec)).total, Decimal)


@pytest.mark.fault(13)
def test_a_decimal_is_recorded_with_every_digit():
    assert to_jsonable({"price": Decimal("1.50"), "raw": b"caf\xc3\xa9"}) == {"price": "1.50", "raw": "café"}
