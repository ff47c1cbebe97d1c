"""A process that records: python write_events.py HOME RUN COUNT.

It records COUNT events (0: without end), prints each one's seq once the store has acknowledged it, and leaves without
closing the store.
"""
# ruff: noqa: T201  # what it prints is what the tests read

import itertools
import sys
from pathlib import Path

from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests.store.stored_runs import STARTED, attempt

home, run_id, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = open_store(home)
print("open", flush=True)
endless = itertools.chain([STARTED], (event for index in itertools.count() for event in attempt(index)))
summary = None
for seq, event in enumerate(itertools.islice(endless, count or None), start=1):
    record = Record(run_id, seq, 1000.0 + seq, Span.parse("attempt-0"), event)
    summary = summarize(summary, record)
    assert summary is not None
    store.append([record], summary)
    print(seq, flush=True)
