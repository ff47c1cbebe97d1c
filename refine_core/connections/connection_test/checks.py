"""Tests of connections, each on a thread of its own, for at most TEST_LIMIT_S, found again by its id.

    start(model, key) -> id      at once
    get(id) -> Check             the state so far; again and again, until it is done
    stop(id)  wait(id)

The key lives in the thread that tests, and ends with it. A Check never holds it.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from refine_core.concurrency.cancellation import Cancel
from refine_core.connections.connection_store import save_format
from refine_core.connections.connection_test.report import Check, CheckReport
from refine_core.spec import ModelSpec
from refine_core.spec.secrets import environment_key

logger = logging.getLogger("refine_core")

MAX_CHECKS = 32

TEST_LIMIT_S = 20.0
"""How long a whole test may take."""


@dataclass(frozen=True, slots=True)
class _Job:
    report: CheckReport
    cancel: Cancel = field(default_factory=Cancel)
    done: threading.Event = field(default_factory=threading.Event)


class Checks:
    """Tests of this process; the newest 32 are remembered. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()

    def start(self, model: ModelSpec, key: str | None = None, *, limit_s: float = TEST_LIMIT_S) -> str:
        """Start to test a connection, and return the test's id at once.

        key: typed by a person; else the environment variable that the model names is read. limit_s: seconds for the whole
        test, except for loading litellm, which a process does once.
        If more than 32 tests are remembered, the oldest is ended and dropped. Raises nothing that a server can cause.
        """
        job = _Job(CheckReport([*filter(None, (key, environment_key(model.key_env)))]))
        check_id = secrets.token_hex(8)
        with self._lock:
            self._jobs[check_id] = job
            dropped = [self._jobs.popitem(last=False)[1] for _ in range(len(self._jobs) - MAX_CHECKS)]
        for old in dropped:
            old.cancel.set()
        threading.Thread(
            target=_work, args=(job, model, key, limit_s), name=f"check {check_id}", daemon=True
        ).start()
        return check_id

    def get(self, check_id: str) -> Check | None:
        """The state of a test, or None if it is unknown or was dropped."""
        job = self._find(check_id)
        return job.report.now() if job is not None else None

    def stop(self, check_id: str) -> None:
        """End a test now. Does nothing for one that is done or unknown."""
        job = self._find(check_id)
        if job is not None:
            job.cancel.set()

    def wait(self, check_id: str, timeout_s: float) -> Check | None:
        """The test once it is done, or None if it is unknown. Raises TimeoutError after `timeout_s` seconds."""
        job = self._find(check_id)
        if job is None:
            return None
        if not job.done.wait(timeout_s):
            raise TimeoutError(f"the test of the connection is not done after {timeout_s:g} s")
        return job.report.now()

    def _find(self, check_id: str) -> _Job | None:
        with self._lock:
            return self._jobs.get(check_id)


def _work(job: _Job, model: ModelSpec, key: str | None, limit_s: float) -> None:
    """The body of a test's thread: whatever happens, the report says so and is closed."""
    from refine_core.connections.connection_test.run import run_test

    words = "Not tested."
    try:
        words = run_test(job.report, model, key, job.cancel, limit_s)
        if reply_format := job.report.now().reply_format:
            save_format(model, reply_format)
    except Exception as error:  # noqa: BLE001  # it is shown to the user; its text may hold the key
        logger.error("testing a connection failed: %s", type(error).__name__)  # noqa: TRY400  # no traceback, for the key's sake
        job.report.record(
            "Reply", "fails", f"An internal error ended the test: {type(error).__name__}: {error}"
        )
    finally:
        job.report.close(words)
        job.done.set()


CHECKS = Checks()
"""The tests of this process."""
