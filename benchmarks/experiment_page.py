"""The page of an experiment with 10,000 runs, one of them still to be run; made once, in the cache of the benchmarks.

open     from the click on it in the list until its grid of rewards is painted, and until the result of what there is can be read
click    from the click on a cell until its run is asked for
poll     what each look at it costs the app while it runs: the snapshot, its progress, and the cells that the browser fetches
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.peers import cache
from benchmarks.screen import LONGEST_MS, Page, browser, watched_page
from benchmarks.server import refinescope
from benchmarks.table import NotMeasured, Row
from benchmarks.timing import time_median
from pages.batch.live.cells import write_cells
from refine_core import datasets
from refine_core import events as ev
from refine_core.datasets import table_of_cells
from refine_core.experiments import Arm, Cell, Experiment, Experiments, build_progress
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.log.summaries import summarize
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import SqlStore, open_store
from refine_core.store.protocol import EXPERIMENT_KIND
from refine_core.store.tables import VERSION

ROWS, REPEATS, ARMS = 2_500, 2, ("Refine", "Best of 2")
QUICK_ROWS = 250
ID = "20260101-000000-1a2b3c4d"
OPEN_BOUND_S, CLICK_BOUND_S = 1.0, 0.3
REPEATED = 5

# Notes in `experimentPage`, in milliseconds since 1970: "clicked", the last click; "painted", the first frame after it with the cells;
# "read", the first with the sentence of the result; "asked", when the address of a run was asked for.
WATCH = """
(() => {
  const seen = (window.experimentPage = {});
  const roots = new Set();
  const note = (what) => requestAnimationFrame(() => { seen[what] ??= Date.now(); });
  const look = () => {
    if (!seen.clicked) return;
    for (const root of roots) {
      if (root.querySelector(".live .ramp")) note("painted");
      if (root.querySelector(".result h1")) note("read");
    }
  };
  const watch = (root) => new MutationObserver(look).observe(root, { childList: true, subtree: true });
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    roots.add(root);
    watch(root);
    return root;
  };
  watch(document);
  const push = history.pushState;
  history.pushState = function (...given) {
    if (String(given[2]).includes("/run?")) seen.asked ??= Date.now();
    return push.apply(this, given);
  };
  document.addEventListener("click", () => {
    for (const name of ["painted", "read", "asked"]) delete seen[name];
    roots.forEach((root) => root.host.isConnected || roots.delete(root));
    seen.clicked = Date.now();
  }, true);
})();
"""


def measure(*, quick: bool) -> Iterator[Row]:
    """Rows of the page and of its polls. quick: a tenth of the runs, once."""
    rows = QUICK_ROWS if quick else ROWS
    size = f"an experiment of {rows * REPEATS * len(ARMS):,} runs"
    home = make_home(rows)
    yield from _polls(home, size)
    opened, read, asked = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "home"
        shutil.copytree(home, own)
        with refinescope(own) as server, browser() as chromium:
            for _ in range(1 if quick else REPEATED + 1):
                with watched_page(chromium, WATCH) as page:
                    page.goto(f"{server.wait()}/batch", wait_until="commit")
                    link = page.locator("a", has_text="Ten thousand").first
                    link.wait_for(timeout=LONGEST_MS)
                    page.wait_for_load_state("networkidle")
                    link.click()
                    opened.append(_between(page, "clicked", "painted"))
                    asked.append(_click_cell(page))
                    page.go_back()
                    read.append(_read_result(page))
    skip = 0 if quick else 1  # the first one starts what the others find
    yield _row(f"{size}: click until its grid is painted", opened[skip:], OPEN_BOUND_S)
    yield _row(f"{size}: click on a cell until its run is asked for", asked[skip:], CLICK_BOUND_S)
    yield _row(f"{size}: click until the result so far can be read", read[skip:], OPEN_BOUND_S)


def _row(measure: str, times: list[float], bound_s: float) -> Row:
    return Row(measure, median(times), "bound", bound_s, 1.0)


def _read_result(page: Page) -> float:
    button = page.get_by_role("button", name="Result so far")
    button.wait_for(timeout=LONGEST_MS)
    page.wait_for_load_state("networkidle")
    button.click()
    return _between(page, "clicked", "read")


def _click_cell(page: Page) -> float:
    canvas = page.locator(".live .cells canvas")
    canvas.click(position={"x": 300, "y": 30})
    return _between(page, "clicked", "asked")


def _between(page: Page, first: str, then: str) -> float:
    """Seconds from the one to the other, as the page noted them."""
    deadline = time.monotonic() + LONGEST_MS / 1000
    while time.monotonic() < deadline:
        seen = page.evaluate("experimentPage")
        if seen.get(then):
            return float(seen[then] - seen[first]) / 1000
        page.wait_for_timeout(20)
    raise NotMeasured(f"the page never showed {then!r}")


def _polls(home: Path, size: str) -> Iterator[Row]:
    with closing(Runs(open_store(home))) as runs:
        found = Experiments(runs)
        snapshot = found.get(ID)
        if snapshot is None:
            raise NotMeasured("the experiment is not there")
        running = replace(snapshot, state="running", under_way=frozenset(snapshot.cells[-8:]))
        yield Row(f"{size}: its snapshot, read again", time_median(lambda: found.get(ID)))
        yield Row(f"{size}: its progress", time_median(lambda: build_progress(running)))
        yield Row(f"{size}: its cells as JSON", time_median(lambda: write_cells(running)))


def make_home(rows: int) -> Path:
    """A store with the experiment, made on first use."""
    home = cache() / f"experiment-{rows}-{VERSION}"
    if not (home / "whole").exists():
        shutil.rmtree(home, ignore_errors=True)
        with closing(Runs(open_store(home))) as runs:
            experiment = _keep(runs.store, rows)
            cells = list(experiment.cells(rows))
            for cell in cells[:-1]:
                records = _records(experiment, cell)
                summary = functools.reduce(summarize, records, None)
                if summary is None:
                    raise AssertionError("a run has no summary")
                runs.store.append(records, summary)
            Experiments(runs).get(ID)  # folds what became of the cells
        (home / "whole").touch()
    return home


def _keep(store: SqlStore, rows: int) -> Experiment:
    """The document, on a dataset of so many rows."""
    base = ProgramSpec((StageSpec("answer", "question -> answer"),), "def reward(args, pred):\n    return 0.5\n", N=2, model=ModelSpec("practice"))  # fmt: skip
    table = table_of_cells(["question"], [[f"What is {n} + {n}?"] for n in range(rows)])
    dataset = datasets.keep(store, table, [one.column for one in datasets.suggest_columns(table, base)])
    specs = (base, replace(base, strategy="best_of_n"))
    arms = tuple(Arm("ab"[n], name, spec) for n, (name, spec) in enumerate(zip(ARMS, specs, strict=True)))
    made = Experiment(ID, "Ten thousand", time.time(), dataset.id, dataset.version, arms, repeats=REPEATS)
    store.put(EXPERIMENT_KIND, ID, codec.dumps(made))
    return made


def _records(experiment: Experiment, cell: Cell) -> list[Record]:
    """A run of one attempt, as the app would record it without its calls."""
    spec = replace(experiment.arm(cell.arm).spec, experiment=ID, inputs={"question": f"row {cell.row}"})
    span = Span.parse("attempt-0")
    reward = (cell.row * 7 + cell.repeat * 3 + (cell.arm == "b")) % 11 / 10
    facts: list[tuple[Span, ev.Event]] = [
        (RUN, ev.RunStarted(spec, (0.0, 0.5), ("answer",), "0")),
        (span, ev.AttemptStarted(0, 0.0, {}, None)),
        (span, ev.RewardScored(0, reward, 0.001)),
        (RUN, ev.RunFinished("attempts_used_up", 0, 0, 1.0)),
    ]
    run_id, at = cell.run_id(ID), 1_767_000_000.0
    return [Record(run_id, seq, at + seq, where, event) for seq, (where, event) in enumerate(facts, 1)]
