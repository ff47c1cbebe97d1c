"""The list of runs and a search through it, with 10,000 runs of 50 events each, some of them branches; made once, in the cache of the benchmarks."""

from __future__ import annotations

import functools
import json
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.peers import cache
from benchmarks.table import Row
from benchmarks.timing import time_median
from pages.runs.rows import table_row
from refine_core import events as ev
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.log.summaries import summarize
from refine_core.runs import Filters, Runs, Sort
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import SqlStore, open_store
from refine_core.store.tables import VERSION

RUNS, EVENTS, ATTEMPTS = 10_000, 50, 5
BRANCH_EVERY = 8  # a run is a branch of the one before it
BOUND_S = 0.5
QUICK_RUNS = 1_000
WORDS = "kettle camp tent price euro headline buyer letter answer capital river city order refund parcel cup lid board meeting minute report summary word line rule reward hint model reply tone name date invoice number table part stage value".split()  # noqa: SIM905  # fmt: skip
MODELS = ("practice model", "gpt-4.1-mini", "claude-haiku", "qwen 0.6B")


def measure(*, quick: bool) -> Iterator[Row]:
    """Rows of the list, of searches, and of building the index. quick: a tenth of the runs."""
    count = QUICK_RUNS if quick else RUNS
    home = home_of(count)
    size = f"{count:,} runs ({count * EVENTS:,} events)"
    with closing(open_store(home)) as store:
        runs = Runs(store)
        store.reindex()
        start = time.perf_counter()
        runs.list.search(index_s=3600.0)
        yield Row(f"an index of {size}, built from their events", time.perf_counter() - start)
        yield Row(
            f"the list of {size}: filters, counts and a page",
            time_median(lambda: _page(runs)),
            "bound",
            BOUND_S,
            1.0,
        )
        for what, text in (
            ("two words", "kettle refund"),
            ("a word of nearly all", "model"),
            ("one letter", "w"),
            ("a rare word", "rare7"),
        ):
            yield Row(
                f"a search of {size} for {what}",
                time_median(functools.partial(_page, runs, text)),
                "bound",
                BOUND_S,
                1.0,
            )
        deep = functools.partial(
            _page, runs, "", Filters(models=MODELS[:1], fold=True), Sort("cost"), count // len(MODELS) // 25
        )
        yield Row(
            f"the last page of {size}, filtered by model and sorted by cost",
            time_median(deep),
            "bound",
            BOUND_S,
            1.0,
        )


def _page(runs: Runs, text: str = "", filters: Filters = Filters(fold=True), *asked: object) -> None:  # noqa: B008  # frozen
    """What the Runs page asks for, and the rows that it makes of it."""
    runs.list.choices()
    page = runs.list.search(text, filters, *asked)  # type: ignore[arg-type]
    json.dumps([table_row(run) for run in page.rows])
    if page.unindexed:
        raise AssertionError("the index is not complete")


def home_of(count: int) -> Path:
    """A store of so many runs, made on first use."""
    home = cache() / f"runs-{count}-{VERSION}-families"
    if not (home / "whole").exists():
        shutil.rmtree(home, ignore_errors=True)
        with closing(open_store(home)) as store:
            _add_runs(store, count)
        (home / "whole").touch()
    return home


def _add_runs(store: SqlStore, count: int) -> None:
    chance = random.Random(7)  # the same runs each time
    now = time.time()
    for n in range(count):
        records = _records(n, now - 600.0 * n, chance)
        summary = functools.reduce(summarize, records, None)
        if summary is None or len(records) != EVENTS:
            raise AssertionError(f"a run has {len(records)} events now")
        store.append(records, summary)


def _records(n: int, at: float, chance: random.Random) -> list[Record]:
    """One run, as the app would record it: five attempts of nine events, four pieces of advice."""
    model = MODELS[n % len(MODELS)]
    spec = ProgramSpec(
        (StageSpec("answer", "text -> answer"),),
        "def reward(args, pred):\n    return 0.5\n",
        {"text": _words(chance, 40)},
        title=f"{WORDS[n % len(WORDS)]} {n}",
        N=ATTEMPTS,
        model=ModelSpec(kind="endpoint", model=model),
    )
    if n % BRANCH_EVERY == BRANCH_EVERY - 1:
        spec = replace(spec, parent=_id(n - 1), fork_attempt=2)
    facts: list[tuple[Span, ev.Event]] = [(RUN, ev.RunStarted(spec, (0.0,) * ATTEMPTS, ("answer",), "0"))]
    for i in range(ATTEMPTS):
        span = Span.parse(f"attempt-{i}")
        outputs = {"answer": _words(chance, 30) + (f" rare{n}" if i == 0 else "")}
        prompt = ({"role": "user", "content": _words(chance, 120)},)
        facts += [
            (
                span,
                ev.AttemptStarted(i, 0.5, {"answer": _words(chance, 15)} if i else {}, i - 1 if i else None),
            ),
            (span, ev.ModuleStarted("answer", spec.inputs)),
            (span, ev.LMRequested(model, prompt, {"temperature": 0.5})),
            (span, ev.LMReplied(outputs["answer"], 0.8, 300, 60, 0.0004 * (n % 9), model=model)),
            (span, ev.PredictorTraced("answer", outputs)),
            (span, ev.ModuleEnded("answer", 0.8)),
            (span, ev.RewardStarted(i, outputs)),
            (span, ev.RewardScored(i, chance.random(), 0.001)),
        ]
        if i < ATTEMPTS - 1:
            facts.append((span, ev.AdviceGiven(i, _words(chance, 30), {"answer": _words(chance, 15)}, 0.9)))
            if i < EVENTS - 2 - 8 * ATTEMPTS - (ATTEMPTS - 1):
                facts.append((span, ev.LMRequested(model, prompt, {}, "advice")))
    facts.append((RUN, ev.RunFinished("attempts_used_up", 0, 0, 9.0)))
    return [Record(_id(n), seq, at + seq, span, event) for seq, (span, event) in enumerate(facts, 1)]


def _id(n: int) -> str:
    return f"20260101-{n:06}-00000000"


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(count))
