"""An experiment at work: a few threads for each model that answers, each of which takes the model's next cell and runs it to its end.

    a model's queue --take--> cell --RunJob--> the run's events, each durable --fold--> its outcome, kept

Rule 1: whatever ends this process loses no event; an outcome that was not kept is folded anew by whoever goes on.
Rule 2: a cell that has ended is never run again. One that was cut off goes on from its last complete attempt, or begins anew.
Rule 3: what is bound to happen in every cell of an arm stops the arm; what happens to this machine stops everything.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import LMError, RefineError, RunCancelled, SpecError, StoreError
from refine_core.events import Fault, RunStarted
from refine_core.experiments.cells import cell_spec, copy_program
from refine_core.experiments.control import Control, keep_control
from refine_core.experiments.document import Arm, Cell, Experiment, RateLimit
from refine_core.experiments.guard import KEY_ERRORS, AfterRecord, AnswerGuard, BeforeRecord, RewardGuard
from refine_core.experiments.ledger import Ledger, charges_of
from refine_core.experiments.outcomes import fold_outcome
from refine_core.experiments.snapshot import ExperimentState, StoppedBy
from refine_core.experiments.spending import SharedBudget
from refine_core.formatting import pluralize
from refine_core.lm.rate_limits import limit_rates
from refine_core.log import folds
from refine_core.log.scope import Record
from refine_core.refine.module import BestOfN
from refine_core.refine.program_job import LiveProgram, ProgramJob
from refine_core.refine.run_job import RunJob
from refine_core.rewards.pool import RunnerPool
from refine_core.runs import Credentials, Runs
from refine_core.runs.job import NOT_RECORDED

if TYPE_CHECKING:
    from refine_core.executors.remote_run import RemoteRun  # few need it

logger = logging.getLogger("refine_core")

MAX_THREADS = 256
"""For all models together, the same number for each."""
MORE_ELSEWHERE = 4
"""Where runs work elsewhere, for so many calls at once one more cell is under way: one in so many waits for its messages, and calls nobody."""


@dataclass(slots=True)
class _UnderWay:
    """A cell that is being run. is_set_aside: it got no answer, and goes on after the others."""

    cell: Cell
    cancel: Cancel
    is_set_aside: bool = False


class ExperimentJob:
    """An experiment at work in this process, which has claimed it. credentials: by arm. programs: by arm, of live ones.

    on_change: called whenever there is something new to show. on_end: called once nothing more is done, on the last thread.
    """

    def __init__(
        self,
        runs: Runs,
        ledger: Ledger,
        credentials: Mapping[str, Credentials],
        programs: Mapping[str, BestOfN],
        *,
        on_change: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self.runs, self.ledger = runs, ledger
        self.credentials, self.programs = credentials, programs
        self._on_change, self._on_end = on_change, on_end
        self.budget = SharedBudget(self.experiment.budget, ledger.charges)
        self.version = 0
        self.stopped_arms: dict[str, str] = {}
        self.keyless_arms: set[str] = set()
        self.stopped_by: StoppedBy = ""
        self.error = ""
        self.is_paused = False
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._under_way: dict[str, _UnderWay] = {}
        self._begun: set[str] = set(runs.store.cell_runs(ledger.id))
        self._answers = AnswerGuard()
        self._reward_guard = RewardGuard()
        for cell, outcome in ledger.outcomes.items():
            if outcome.state == "scored":
                self._reward_guard.note_score(cell.arm)
        self._threads: Counter[str] = Counter()  # by label of the model that answers, as queues are
        self._queues: dict[str, deque[Cell]] = {}
        self._is_ending = False
        self._pool = RunnerPool()
        self._rates = limit_rates(self._list_limits())

    @property
    def experiment(self) -> Experiment:
        """The experiment as it is now: arms and rows may be added while it runs."""
        return self.ledger.document[0]

    @property
    def is_alive(self) -> bool:
        """Whether its threads have not all ended."""
        return not self.ended.is_set()

    @property
    def under_way(self) -> frozenset[Cell]:
        """The cells that are being run."""
        with self._lock:
            return frozenset(one.cell for one in self._under_way.values())

    @property
    def state(self) -> ExperimentState:
        """What it does now."""
        if self.stopped_by:
            return "cancelling"
        return "pausing" if self.is_paused else "running"

    def start(self) -> None:
        """Begin with the cells that are left, those of arms that were stopped aside. Called again, it takes up what was added."""
        limits = self._list_limits()
        self._rates.change(limits)
        labels = {arm.key: arm.spec.model.label for arm in self.experiment.arms}
        most = max(1, MAX_THREADS // len({*labels.values()}))
        begin: list[str] = []
        with self._lock:
            under_way = {one.cell for one in self._under_way.values()}
            busy = Counter(labels[cell.arm] for cell in under_way)
            self._queues = {label: deque() for label in labels.values()}
            for cell in self.ledger.cells:
                if not (cell.arm in self.stopped_arms or cell in under_way or self.ledger.is_settled(cell)):
                    self._queues[labels[cell.arm]].append(cell)
            for label, queue in self._queues.items():
                wanted = min(self._cells_at_once(limits[label]), most, len(queue) + busy[label])
                begin += [label] * (wanted - self._threads[label])
            self._threads.update(begin)
            self._is_ending = not self._threads.total()
        if self._is_ending:
            self._finish()
        for label in begin:
            name = f"experiment {self.ledger.id} {label}"
            threading.Thread(target=self._work, args=(label,), name=name, daemon=True).start()
        self._changed()

    def _cells_at_once(self, limit: RateLimit) -> int:
        """How many cells of a model are under way. Calls are limited by themselves: each waits its turn (refine_core.lm.turns)."""
        between_calls = limit.at_once // MORE_ELSEWHERE if self.runs.works_elsewhere else 0
        return limit.at_once + between_calls

    def add(self) -> bool:
        """Take up cells that were added to the experiment. False if it is just ending."""
        with self._lock:
            if self._is_ending:
                return False
        self.start()
        return True

    def resume(self) -> bool:
        """Take back a pause while cells under way still end. False if it is not pausing, or is just ending."""
        with self._lock:
            if self._is_ending or self.stopped_by or not self.is_paused:
                return False
            self.is_paused = False
        self.start()
        return True

    def pause(self) -> None:
        """Begin no further cell; those under way end."""
        self.is_paused = True
        self._changed()

    def stop(self, by: StoppedBy, error: str = "") -> None:
        """Begin no further cell, and cancel those under way. Of several reasons the first one counts."""
        with self._lock:
            if not self.stopped_by:
                self.stopped_by, self.error = by, error
            cancels = [one.cancel for one in self._under_way.values()]
        for cancel in cancels:
            cancel.set()
        self._changed()

    def stop_arm(self, key: str, error: str) -> None:
        """Begin no further cell of an arm, and cancel those under way."""
        with self._lock:
            self.stopped_arms.setdefault(key, error)
            cancels = [one.cancel for one in self._under_way.values() if one.cell.arm == key]
        for cancel in cancels:
            cancel.set()
        self._changed()

    def _stop_for(self, key: str, fault: Fault) -> None:
        if fault.type in KEY_ERRORS:
            self.keyless_arms.add(key)
        self.stop_arm(key, fault.message)

    def stop_model(self, label: str, error: str) -> None:
        """The same with every arm that asks this model, for an answer, for advice or for a judgement."""
        for arm in self.experiment.arms:
            if label in {model.label for model in arm.spec.models.values()}:
                self.stop_arm(arm.key, error)

    @property
    def slowed(self) -> dict[str, int]:
        """Label of a model -> how many calls it is asked at once now, where its server asked for fewer."""
        return self._rates.slowed_models() if self.is_alive else {}

    @property
    def on_hold(self) -> dict[str, float]:
        """Label of a model that nobody asks now, as its server refused calls -> seconds until somebody does."""
        return self._rates.held_models() if self.is_alive else {}

    def _list_limits(self) -> dict[str, RateLimit]:
        """Label of each model that is asked -> its limits."""
        experiment = self.experiment
        labels = {model.label for arm in experiment.arms for model in arm.spec.models.values()}
        return {label: experiment.rate_limits.get(label, RateLimit()) for label in labels}

    def _take(self, label: str) -> tuple[str, _UnderWay] | None:
        """The next cell of a model, which is under way from now on; None if there is none."""
        with self._lock:
            queue = self._queues[label]
            while queue and not (self.stopped_by or self.is_paused or self.budget.find_refusal()):
                cell = queue.popleft()
                if cell.arm in self.stopped_arms:
                    continue
                one = _UnderWay(cell, Cancel())
                self._under_way[run_id := cell.run_id(self.ledger.id)] = one
                return run_id, one
            return None

    def _work(self, label: str) -> None:
        """The body of a thread, for the cells of one model."""
        try:
            while (taken := self._take(label)) is not None:
                self._changed()
                try:
                    self._run(*taken)
                finally:
                    with self._lock:
                        del self._under_way[taken[0]]
                        if taken[1].is_set_aside:
                            self._queues[label].append(taken[1].cell)
                    self._changed()
        except StoreError as error:
            self.stop("store", str(error))
        except RefineError as error:
            self.stop("error", f"The rest was not run: {error}")
        except Exception as error:
            logger.exception("experiment %s ended unexpectedly", self.ledger.id)
            self.stop("error", f"An internal error: {type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._threads[label] -= 1
                is_last = self._is_ending = not self._threads.total()
            if is_last:
                self._finish()

    def _run(self, run_id: str, one: _UnderWay) -> None:
        """Run a cell, or what is left of it, and keep what became of it."""
        arm = self.experiment.arm(one.cell.arm)
        records: list[Record] = self.runs.store.events(run_id) if run_id in self._begun else []
        if not (records and self._keep(run_id, records)):
            try:
                run_job, after = self._make_job(arm, one.cell, records)
            except (SpecError, LMError) as error:
                if isinstance(error, SpecError) and any(one.field == "executor" for one in error.problems):
                    self.stop("error", str(error.problems[0].message))  # no arm is to blame
                    return
                self._stop_for(arm.key, Fault.of(error))
                return
            try:
                fault, records = self.runs.run_here(run_id, run_job, records, cancel=one.cancel)
            except RunCancelled:  # before its first event
                return
            self._begun.add(run_id)
            is_kept = self._keep(run_id, records, is_final=True)
            one.is_set_aside = after.is_set_aside
            is_left = one.is_set_aside or one.cancel.is_set or arm.key in self.stopped_arms
            if fault and not is_kept and not is_left:
                self.stop("store" if fault.startswith(NOT_RECORDED) else "error", fault)

    def _make_job(
        self, arm: Arm, cell: Cell, records: list[Record]
    ) -> tuple[RunJob | RemoteRun, AfterRecord]:
        first = records[0].event if records else None
        dataset = self.ledger.document[1]
        spec = first.spec if isinstance(first, RunStarted) else cell_spec(
            self.experiment, arm, dataset.rows[cell.row - 1], cell
        )  # fmt: skip
        program = self.programs.get(arm.key)
        if program is not None:
            own = copy_program(program, spec.first_rollout)
            live = LiveProgram(own, spec.inputs, spec.program_file, spec.reward, spec.title)
            run_job: RunJob | RemoteRun = ProgramJob(live, spec, records)
        else:
            run_id = cell.run_id(self.ledger.id)
            run_job = self.runs.make_job(
                run_id, spec, self.credentials.get(arm.key), records, pool=self._pool
            )
        before = BeforeRecord(
            self.budget,
            lambda fault: self._stop_for(arm.key, fault),
            lambda error: self._reward_guard.fails_everywhere(arm.key, cell.row, error, spec.reward),
        )
        after = AfterRecord(
            cell.run_id(self.ledger.id),
            self.budget,
            self._answers,
            lambda fault: self._stop_for(arm.key, fault),
            self.stop_model,
        )
        run_job.before_record = (*run_job.before_record, before)
        run_job.after_record = (after,)
        return run_job, after

    def _keep(self, run_id: str, records: list[Record], *, is_final: bool = False) -> bool:
        """Keep what became of a run; False if it is to be run on."""
        timeline = folds.timeline(records)
        outcome = fold_outcome(timeline) if timeline is not None else None
        if timeline is None or outcome is None or (outcome.state == "cut off" and not is_final):
            return False
        self.ledger.add({run_id: (outcome, charges_of(timeline))})
        if outcome.state == "scored":
            self._reward_guard.note_score(self.ledger.by_run[run_id].arm)
        return True

    def _finish(self) -> None:
        """Keep how it stands, and let others work at it."""
        try:
            self.ledger.refresh()
            keep_control(self.runs.store, self.ledger.id, self._stand())
        except RefineError as error:
            if not self.stopped_by:
                self.stopped_by = "store" if isinstance(error, StoreError) else "error"
                self.error = str(error)
        finally:
            self._rates.close()
            self._pool.close()
            self._on_end()
            self.ended.set()
            self._changed()

    def _stand(self) -> Control:
        left = [cell for cell in self.ledger.cells if not self.ledger.is_settled(cell)]
        stopped, keyless = self.stopped_arms, tuple(sorted(self.keyless_arms))
        if not left:
            return Control("finished", stopped_arms=stopped, keyless_arms=keyless)
        if self.stopped_by:
            return Control("stopped", self.stopped_by, self.error, stopped, keyless)
        if self.is_paused:
            return Control("paused", stopped_arms=stopped, keyless_arms=keyless)
        if why := self.budget.refusal or self.budget.find_refusal():
            done, total = len(self.ledger.cells) - len(left), len(self.ledger.cells)
            ended = f"{done:,} of {pluralize(total, 'run')} ended"
            self.error = f"{why}: {ended}. Raise it and resume, or read what is there."
            if why.endswith("."):
                self.error = f"{why} {ended[0].upper()}{ended[1:]}."
            self.stopped_by = "budget"
            return Control("stopped", "budget", self.error, stopped, keyless)
        self.stopped_by = "arms" if self.stopped_arms else ""
        return Control("stopped", self.stopped_by, "", stopped, keyless)

    def _changed(self) -> None:
        self.version += 1
        self._on_change()
