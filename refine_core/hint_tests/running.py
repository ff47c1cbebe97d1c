"""Hint tests of one store: begun, run in the background a few tries at once, cancelled, continued, found again.

    HintTests(runs).start(plan, credentials) -> test id        get(test id) -> HintTest

Every try is an ordinary run (refine_core.runs), and the document says which there are. So whatever ends this process loses no try
that has ended, and what is left can be run by whoever opens the test again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import InfrastructureError, LMError, LMKeyError, Problem, RefineError, SpecError
from refine_core.hint_tests.document import Document, PlannedTry, find, keep, list_documents
from refine_core.hint_tests.plan import TRIES, HintTestPlan, highest_seed, plan_hint_test
from refine_core.hint_tests.result import HintTest, State, build_test
from refine_core.hint_tests.tries import Try, read_try, try_spec
from refine_core.log.timeline import Attempt, Timeline
from refine_core.runs import Credentials, Runs
from refine_core.spec import ProgramSpec

logger = logging.getLogger("refine_core")

_STILL_RUNNING: Final = Problem("test", "this test is still running; add tries once it has ended")
_LONG_S: Final = 24 * 3600.0


@dataclass(slots=True)
class _TestJob:
    """A test at work. queue: tries still to be begun. under_way: ids of the runs that work now. error: why it could not go on."""

    queue: deque[PlannedTry]
    cancel: Cancel = field(default_factory=Cancel)
    under_way: set[str] = field(default_factory=set)
    error: str = ""
    threads: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def alive(self) -> bool:
        """Whether a thread still works."""
        return any(thread.is_alive() for thread in self.threads)


class HintTests:
    """The hint tests of one store. Safe to use from any thread."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self._work: dict[str, _TestJob] = {}
        self._ended: dict[str, Try] = {}  # which no later event changes
        self._lock = threading.Lock()

    def start(self, plan: HintTestPlan, credentials: Credentials | None = None) -> str:
        """Begin a test and return its id; its document is durable by then.

        Raises: SpecError with every problem of the plan; LMKeyError for a missing key; StoreError.
        """
        if plan.document is None:
            raise SpecError(plan.problems)
        self._begin(plan.document, plan.document.tries, credentials, is_new=True)
        return plan.document.id

    def run_rest(self, test_id: str, credentials: Credentials | None = None) -> None:
        """Run what is left of a test that was cut off. Raises SpecError for an unknown test; LMKeyError; StoreError."""
        test = self._known(test_id)
        if not test.is_live:
            self._begin(test.document, [one.planned for one in test.tries if one.is_left], credentials)

    def run_more(self, test_id: str, tries: int = TRIES, credentials: Credentials | None = None) -> None:
        """Run so many more tries of each arm, and what is left of it. Raises as `run_rest`, and SpecError while it runs."""
        test = self._known(test_id)
        if test.is_live:
            raise SpecError([_STILL_RUNNING])
        if test.timeline is None:
            raise SpecError([Problem("run", "the run that this test is about was removed")])
        document = test.document.extend(
            test.document.next_seeds(highest_seed(self.runs, test.timeline), tries)
        )
        new = document.tries[len(test.document.tries) :]
        if not self._begin(
            document, [*(one.planned for one in test.tries if one.is_left), *new], credentials
        ):
            raise SpecError([_STILL_RUNNING])

    def cancel(self, test_id: str) -> bool:
        """Begin no further try, and cancel those under way. False if the test is not at work in this process."""
        with self._lock:
            work = self._work.get(test_id)
        if work is None or not work.alive:
            return False
        work.cancel.set()
        with work.lock:
            under_way = list(work.under_way)
        for run_id in under_way:
            self.runs.cancel(run_id)
        return True

    def get(self, test_id: str) -> HintTest | None:
        """The test as far as it is recorded; None if there is no such test. Raises StoreError."""
        with self._lock:
            work = self._work.get(test_id)
            alive = work is not None and work.alive  # before the document, so that an end is not missed
        document = find(self.runs.store, test_id)
        if document is None:
            return None
        tries = [self._read(planned) for planned in document.tries]
        error = work.error if work is not None else ""
        test = build_test(
            document, self.runs.timeline(document.run_id), tries, _state(work, tries, alive=alive), error
        )
        return replace(test, cancelled=work is not None and work.cancel.is_set)

    def list_tests(self, run_id: str, attempt: int | None = None) -> list[HintTest]:
        """The tests of a run, or of one of its attempts (from 1), the newest first. Raises StoreError."""
        documents = list_documents(self.runs.store, run_id)
        found = (self.get(one.id) for one in documents if attempt in (None, one.attempt))
        return [one for one in found if one is not None]

    def plan_more(self, test_id: str, tries: int = TRIES) -> HintTestPlan:
        """What so many more tries of each arm would take. Raises SpecError for an unknown test; StoreError."""
        document = self._known(test_id).document
        other = next((dict(arm.hints) for arm in document.arms if arm.kind == "other"), None)
        kinds = [arm.kind for arm in document.arms]
        return plan_hint_test(
            self.runs, document.run_id, document.attempt, arms=kinds, other=other, tries=tries,
            at_once=document.at_once,
        )  # fmt: skip

    def wait(self, test_id: str, timeout_s: float) -> bool:
        """Wait until nothing of a test is at work in this process, at most `timeout_s` seconds; whether that is so."""
        with self._lock:
            work = self._work.get(test_id)
        threads = work.threads if work is not None else []
        until = time.monotonic() + timeout_s
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def join(self, test_id: str, timeout_s: float) -> None:
        """The same, but raises TimeoutError if that takes more than `timeout_s` seconds."""
        if not self.wait(test_id, timeout_s):
            raise TimeoutError(f"hint test {test_id} is still at work after {timeout_s:g} s")

    def _known(self, test_id: str) -> HintTest:
        test = self.get(test_id)
        if test is None:
            raise SpecError([Problem("test", f"there is no hint test {test_id!r}")])
        return test

    def _read(self, planned: PlannedTry) -> Try:
        if (known := self._ended.get(planned.run_id)) is not None:
            return known
        found = read_try(self.runs, planned)
        if found.has_ended:
            self._ended[planned.run_id] = found
        return found

    def _begin(
        self,
        document: Document,
        tries: Sequence[PlannedTry],
        credentials: Credentials | None,
        *,
        is_new: bool = False,
    ) -> bool:
        """Have threads run these tries; False if the test is at work already. is_new: it has never been at work."""
        timeline, attempt = _find_attempt(self.runs, document)
        if not tries:
            return True
        first = try_spec(timeline, attempt, document.arms[tries[0].arm], tries[0], document.id)
        self.runs.require_agreed(timeline.run_id, first, credentials)
        self.runs.make_job(
            document.id, first, credentials
        ).close()  # a missing key is said before anything is kept
        work = _TestJob(deque(tries))
        for number in range(min(document.at_once, len(tries))):
            thread = threading.Thread(
                target=self._run_tries,
                args=(work, document, timeline, attempt, credentials),
                name=f"hint test {document.id} {number}",
                daemon=True,
            )
            work.threads.append(thread)
        with self._lock:  # of two presses at once, the second begins nothing
            known = self._work.get(document.id)
            if known is not None and (is_new or known.alive):
                return False
            keep(self.runs.store, document)
            self._work[document.id] = work
            for thread in work.threads:
                thread.start()
        return True

    def _run_tries(
        self,
        work: _TestJob,
        document: Document,
        timeline: Timeline,
        attempt: Attempt,
        credentials: Credentials | None,
    ) -> None:
        """The body of a thread: one try after the other, until none is left or something keeps all of them from running."""
        try:
            while True:
                with work.lock:
                    if work.cancel.is_set or work.error or not work.queue:
                        return
                    planned = work.queue.popleft()
                    work.under_way.add(planned.run_id)
                try:
                    spec = try_spec(timeline, attempt, document.arms[planned.arm], planned, document.id)
                    self._run_try(work, spec, planned, credentials)
                finally:
                    with work.lock:
                        work.under_way.discard(planned.run_id)
        except (SpecError, LMError, InfrastructureError) as error:
            work.error = f"The rest was not run: {error}"
        except RefineError as error:
            work.error = str(error)
        except Exception as error:
            logger.exception("hint test %s ended unexpectedly", document.id)
            work.error = f"An internal error ended it: {type(error).__name__}: {error}"

    def _run_try(
        self, work: _TestJob, spec: ProgramSpec, planned: PlannedTry, credentials: Credentials | None
    ) -> None:
        runs = self.runs
        if read_try(runs, planned).has_ended:
            return
        if runs.timeline(planned.run_id) is None:
            runs.start(spec, credentials, run_id=planned.run_id)
        else:
            runs.resume(planned.run_id, credentials)
        if work.cancel.is_set:  # which came while it began
            runs.cancel(planned.run_id)
        runs.join(planned.run_id, _LONG_S)
        ended = read_try(runs, planned)
        if ended.error_type == LMKeyError.__name__:
            work.error = f"The rest was not run: {ended.error}"


def _find_attempt(runs: Runs, document: Document) -> tuple[Timeline, Attempt]:
    timeline = runs.timeline(document.run_id)
    attempts: Iterable[Attempt] = timeline.attempts if timeline is not None else ()
    attempt = next((one for one in attempts if one.index == document.attempt - 1), None)
    if timeline is None or attempt is None:
        raise SpecError([Problem("run", "the run that this test is about was removed")])
    return timeline, attempt


def _state(work: _TestJob | None, tries: Sequence[Try], *, alive: bool) -> State:
    if alive and work is not None:
        return "cancelling" if work.cancel.is_set else "running"
    if any(one.state == "running" for one in tries):  # in another process
        return "running"
    return "stopped" if any(one.is_left for one in tries) else "finished"
