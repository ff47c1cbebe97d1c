"""Testing a connection: what works, what does not, and what to do about it, in sentences.

    check(model, key) -> id      at once; the test works on a thread of its own
    checked(id) -> Check         as far as it is; again and again, until it is done
    stop_check(id)

The key lives in the thread that tests, and ends with it. What a Check says never holds it.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from refine_core.concurrency.cancellation import Cancel
from refine_core.connections.findings import Board, Check
from refine_core.connections.saved import keep_format
from refine_core.spec import ModelSpec

logger = logging.getLogger("refine_core")

MOST_CHECKS = 32


@dataclass(frozen=True, slots=True)
class _Job:
    board: Board
    cancel: Cancel


_lock = threading.Lock()
_jobs: OrderedDict[str, _Job] = OrderedDict()


def check(model: ModelSpec, key: str | None = None, *, limit_s: float = 20.0) -> str:
    """Begin to test a connection, and return the test's id at once.

    key: typed by a person; else the environment variable that the model names is read. limit_s: seconds for all of
    it, but for loading litellm, which a process does once.
    At most 32 tests are remembered; of more, the oldest is ended and forgotten. Raises nothing that a server can cause.
    """
    named = os.environ.get(model.key_env) if isinstance(model.key_env, str) else None
    job = _Job(Board([*filter(None, (key, named))]), Cancel())
    check_id = secrets.token_hex(8)
    with _lock:
        _jobs[check_id] = job
        forgotten = [_jobs.popitem(last=False)[1] for _ in range(len(_jobs) - MOST_CHECKS)]
    for old in forgotten:
        old.cancel.set()
    threading.Thread(
        target=_work, args=(job, model, key, limit_s), name=f"check {check_id}", daemon=True
    ).start()
    return check_id


def checked(check_id: str) -> Check | None:
    """The test as far as it is, or None if there is none of that id, or none any more."""
    with _lock:
        job = _jobs.get(check_id)
    return job.board.now() if job is not None else None


def stop_check(check_id: str) -> None:
    """End a test now. One that is done, or unknown, stays as it is."""
    with _lock:
        job = _jobs.get(check_id)
    if job is not None:
        job.cancel.set()


def _work(job: _Job, model: ModelSpec, key: str | None, limit_s: float) -> None:
    """The body of a test's thread: whatever happens, the board says so and is closed."""
    from refine_core.connections import trial

    words = "Not looked at."
    try:
        words = trial.run(job.board, model, key, job.cancel, limit_s)
        if found := job.board.now().reply_format:
            keep_format(model, found)
    except Exception as error:  # noqa: BLE001  # the person must be told, and what it says may hold the key
        logger.error("testing a connection failed: %s", type(error).__name__)  # noqa: TRY400  # no traceback, for the key's sake
        job.board.say(
            "Reply", "fails", f"An error of the app's own ended the test: {type(error).__name__}: {error}"
        )
    finally:
        job.board.close(words)
