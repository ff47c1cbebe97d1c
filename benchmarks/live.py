"""What an open page on a live run costs the server: while nothing new happens, and while attempts arrive.

The run is the replay of a recording made here, whose replies take as long as the measure needs; the last one never comes.
"""

from __future__ import annotations

import functools
import re
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.screen import LONGEST_MS, Browser, Page, TooLate, browser, watched_page
from benchmarks.server import Server, refinescope
from benchmarks.table import NotMeasured, Row
from refine_core import ProgramSpec, Record, SqlStore, StageSpec, open_store, summarize
from refine_core.events import LMReplied
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore

IDLE, ARRIVING = "idle-page", "arriving"
ATTEMPTS = (150, 500)
BOUND_S = 0.005  # of CPU a second
EARLIER_S = 0.045  # of CPU an attempt that arrives, at commit 60544a5, which redrew four times a second
REPLY_S, NEVER_S = 0.25, 3600.0
RECORDING = "recording"
REWARD = """
def reward(args, pred):
    short, odd = 0.5 * (len(pred.answer) % 3) / 2, 0.5 * (len(pred.answer) % 2)
    return Score(short + odd, parts={"short": short, "odd": odd})
"""
REST_S = 5.0  # for the page and the server to come to rest


def measure(names: Collection[str], *, quick: bool) -> Iterator[Row]:
    """Rows of the measures among `names`. quick: fewer attempts, and a shorter look."""
    with browser() as chromium:
        if IDLE in names:
            yield from (_idle(chromium, attempts, over_s=5.0 if quick else 20.0) for attempts in ATTEMPTS)
        if ARRIVING in names:
            attempts = 50 if quick else ATTEMPTS[0]
            watched, alone = (_arriving(chromium, attempts, watch=watch) for watch in (True, False))
            told = f"CPU of an open page for each attempt that arrives (of {attempts}, one every {REPLY_S * 1000:.0f} ms)"
            yield Row(told, watched - alone, "at commit 60544a5:", EARLIER_S)


def _idle(chromium: Browser, attempts: int, *, over_s: float) -> Row:
    with live_run(chromium, attempts, reply_s=0.0) as run:
        run.wait(attempts)
        run.rest()
        alone = run.cpu_s(over_s)
        with run.page(chromium):
            run.rest()
            took = run.cpu_s(over_s) - alone
    told = (
        f"CPU, in a second, of an open page on a live run of {attempts} attempts while nothing new happens "
        f"(the server alone: {alone * 1000:.1f} ms)"
    )
    return Row(told, max(0.0, took), "bound", BOUND_S, 1.0)


@dataclass(slots=True)
class _Run:
    """A run under way in a server of its own."""

    server: Server
    store: SqlStore
    run_id: str

    @contextmanager
    def page(self, chromium: Browser) -> Iterator[Page]:
        """A page that shows it."""
        with watched_page(chromium) as page:
            page.goto(f"{self.server.wait()}/run?run={self.run_id}", wait_until="commit")
            page.locator(".rs-timeline :is(.slot, tbody tr)").first.wait_for(
                state="attached", timeout=LONGEST_MS
            )
            page.locator(".rs-timeline .chart svg").wait_for(timeout=LONGEST_MS)
            yield page

    @property
    def calls(self) -> int:
        """How many calls were made: one an attempt."""
        row = self.store.row(self.run_id)
        return row.summary.calls if row is not None else 0

    def wait(self, attempts: int) -> None:
        """Wait until so many attempts have begun."""
        deadline = time.monotonic() + 4 * LONGEST_MS / 1000
        while time.monotonic() < deadline:
            if self.calls >= attempts:
                return
            time.sleep(0.05)
        raise NotMeasured(f"the run did not come to attempt {attempts}")

    @staticmethod
    def rest() -> None:
        time.sleep(REST_S)

    def cpu_s(self, over_s: float) -> float:
        """Seconds of CPU that the server takes in a second."""
        before, at = self.clock(), time.monotonic()
        time.sleep(over_s)
        return (self.clock() - before) / (time.monotonic() - at)

    def clock(self) -> float:
        """Seconds of CPU that the server's process has taken. Raises NotMeasured where no clock tells."""
        try:
            return time.clock_gettime((~self.server.process.pid << 3) | 2)  # Linux's clock of another process
        except OSError as error:
            raise NotMeasured("the CPU time of another process is told by Linux alone") from error


@contextmanager
def live_run(chromium: Browser, attempts: int, *, reply_s: float) -> Iterator[_Run]:
    """A run that has begun, and waits for ever in its last attempt. reply_s: of every other."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with closing(open_store(home)) as store:
            record_run(store, attempts, RECORDING, reply_s=reply_s)
            with refinescope(home) as server:
                yield _Run(server, store, _replayed(chromium, server))


def _arriving(chromium: Browser, attempts: int, *, watch: bool) -> float:
    """Seconds of the server's CPU for each attempt. watch: with a page open on the run."""
    with live_run(chromium, attempts, reply_s=REPLY_S) as run:
        if not watch:
            return _each(run, attempts)
        with run.page(chromium):
            return _each(run, attempts)


def _each(run: _Run, attempts: int) -> float:
    run.wait(attempts // 5)
    first, before = run.calls, run.clock()
    run.wait(attempts)
    run.rest()
    return (run.clock() - before) / (attempts - first)


def _replayed(chromium: Browser, server: Server) -> str:
    """Have the app replay the recording; return the run's id. The page is closed again."""
    with watched_page(chromium) as page:
        page.goto(f"{server.wait()}/run?run={RECORDING}", wait_until="commit")
        page.get_by_role("button", name=re.compile("Replay$")).click(timeout=LONGEST_MS)
        page.get_by_role("button", name="Start the replay").click()
        try:
            page.wait_for_url(lambda url: RECORDING not in url, timeout=LONGEST_MS)
        except TooLate as why:
            raise NotMeasured("the replay did not start") from why
        return parse_qs(urlsplit(page.url).query)["run"][0]


def record_run(store: SqlStore, attempts: int, run_id: str, *, reply_s: float | None = None) -> None:
    """Put a run of so many attempts into the store. reply_s: what its replies took; and the last took for ever."""
    spec = ProgramSpec(
        stages=(StageSpec("answer", "question -> answer"),),
        reward=REWARD,
        inputs={"question": "What is the capital of Belgium?"},
        strategy="best_of_n",
        N=attempts,
        threshold=None,
    )
    with closing(Runs(MemoryStore())) as runs:
        made, seq = runs.start(spec), 0
        while (row := runs.store.row(made)) is None or row.summary.reason is None:
            runs.wait(made, seq, 10.0)
            seq = row.summary.events if row else 0
        records = [replace(record, run_id=run_id) for record in runs.events(made)]
    if reply_s is not None:
        records = [_slowed(record, reply_s) for record in records]
        last = max(i for i, record in enumerate(records) if isinstance(record.event, LMReplied))
        records[last] = replace(records[last], event=replace(records[last].event, text="", took_s=NEVER_S))
    summary = functools.reduce(summarize, records, None)
    assert summary is not None
    store.append(records, summary)


def _slowed(record: Record, reply_s: float) -> Record:
    event = record.event
    if isinstance(event, LMReplied):
        event = replace(event, took_s=reply_s)
    return replace(record, event=event)
