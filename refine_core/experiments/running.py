"""The experiments of one store: start, pause, cancel, resume, change and read them. Cells run in the background, several at once.

    Experiments(runs).start(experiment, credentials) -> id        get(id) -> Snapshot

Every cell is an ordinary run (refine_core.runs), whose id follows from the cell. One process at a time works at an experiment:
it claims it in the store, and a process that dies gives its claim up.

ledger    what is known of an experiment      job       its threads                   guard     what stops an arm
cells     a cell as a run                     control   how it stands, as kept        spending  the budget over all arms
problems  what keeps one from being run       snapshots how it stands at this moment
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Final

from refine_core import datasets
from refine_core.errors import Problem, SpecError, StoreError
from refine_core.experiments.cell_origins import CellOrigin, find_cell
from refine_core.experiments.control import Control, keep_control
from refine_core.experiments.credentials import split_credentials
from refine_core.experiments.document import Arm, Budget, Cell, Experiment, RateLimit
from refine_core.experiments.job import ExperimentJob
from refine_core.experiments.ledger import FindDataset, Ledger, read_experiment
from refine_core.experiments.problems import explain_pending, require_runnable
from refine_core.experiments.snapshot import Snapshot
from refine_core.experiments.snapshots import snapshot_at_rest, snapshot_at_work
from refine_core.log import codec
from refine_core.refine.module import BestOfN
from refine_core.runs import Credentials, Runs, new_run_id
from refine_core.store.protocol import DELETED_EXPERIMENT_KIND, EXPERIMENT_KIND

logger = logging.getLogger("refine_core")

MAX_LEDGERS: Final = 8
ELSEWHERE_S: Final = 1.0  # how often another process's work is looked at
_ELSEWHERE: Final = Problem(
    "experiment", "another Refinescope process runs this experiment; pause or cancel it there"
)
_DELETED: Final = Problem("experiment", "this experiment was deleted; bring it back first")


@dataclass(frozen=True, slots=True)
class ListedExperiment:
    """An experiment in the list. done: cells that have ended, of `total`. state: as in Snapshot; None where it cannot be read."""

    experiment: Experiment
    state: str
    done: int
    total: int


class Experiments:
    """The experiments of one store. find_dataset: reads a version of a dataset. Safe to use from any thread."""

    def __init__(self, runs: Runs, find_dataset: FindDataset = datasets.get) -> None:
        self.runs = runs
        self._find_dataset = find_dataset
        self._jobs: dict[str, ExperimentJob] = {}
        self._ledgers: OrderedDict[str, Ledger] = OrderedDict()
        self._recovered: dict[str, int] = {}  # experiment -> ledger version at which every log was folded
        self._finished: dict[str, tuple[str, ListedExperiment]] = {}  # experiment -> its document, as listed
        self._of_lessons: dict[str, bool] = {}  # which never changes
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._unreleased: set[str] = (
            set()
        )  # that nothing is done for, but the store still says so: it could not be written
        self._token = token_hex(4)  # in revisions, which another process must not give again

    def start(
        self,
        experiment: Experiment,
        credentials: Credentials | None = None,
        programs: Mapping[str, BestOfN] | None = None,
    ) -> str:
        """Begin an experiment and return its id; its document is durable by then. One of its id that is there already is left as it is.

        credentials: keys by "arm.role", or by role; see refine_core.experiments.credentials. programs: arm -> its program, where that is
        Python of this process. Raises: SpecError with every problem; LMKeyError for a missing key; StoreError.
        """
        if self.runs.store.document(EXPERIMENT_KIND, experiment.id) is not None:
            return experiment.id
        dataset = self._find_dataset(self.runs.store, experiment.dataset_id, experiment.dataset_version)
        if dataset is None:
            raise SpecError(
                [Problem("dataset", "there is no such dataset; its inputs may have been removed")]
            )
        live = {arm.key for arm in experiment.arms} <= set(programs or {})
        require_runnable(experiment, dataset, is_live=live)
        by_arm = self._check_keys(experiment, credentials, programs or {})
        self._begin(experiment.id, by_arm, programs or {}, new=experiment)
        return experiment.id

    def resume(
        self,
        experiment_id: str,
        credentials: Credentials | None = None,
        programs: Mapping[str, BestOfN] | None = None,
    ) -> bool:
        """Run what is left, after a pause, a cancel, a crash, or once something was added. False if it is at work already.

        Raises as `start`, and SpecError for an unknown experiment.
        """
        job = self._live_job(experiment_id)
        if job is not None and job.resume():
            return True
        experiment = self._read(experiment_id)
        dataset = self._find_dataset(self.runs.store, experiment.dataset_id, experiment.dataset_version)
        if dataset is not None and (waits := explain_pending(dataset)):
            raise SpecError([Problem("dataset", waits)])
        by_arm = self._check_keys(experiment, credentials, programs or {})
        return self._begin(experiment_id, by_arm, programs or {})

    def retry_failed(
        self,
        experiment_id: str,
        cells: Collection[Cell] | None = None,
        credentials: Credentials | None = None,
        programs: Mapping[str, BestOfN] | None = None,
    ) -> bool:
        """Run failed cells anew, or these of them, under new ids, and what else is left. False if there is none. Raises as `resume`."""
        snapshot = self.get(experiment_id)
        if snapshot is None:
            raise _unknown(experiment_id)
        failed = {cell for cell, outcome in snapshot.outcomes.items() if outcome.state == "failed"}
        chosen = failed if cells is None else failed & set(cells)
        if not chosen:
            return False
        again = {cell.name: cell.again + 1 for cell in chosen}
        self._change(experiment_id, lambda one: replace(one, again={**one.again, **again}))
        if self._live_job(experiment_id) is None:
            self.resume(experiment_id, credentials, programs)
        return True

    def add_rows(self, experiment_id: str, dataset_version: int, rows: int | None = None) -> None:
        """Go over to a later version of the dataset, whose first rows are the same. rows: as in Experiment. Raises SpecError; StoreError."""
        experiment = self._read(experiment_id)
        found = self._find_dataset(self.runs.store, experiment.dataset_id, dataset_version)
        if found is None or dataset_version < experiment.dataset_version:
            raise SpecError(
                [Problem("dataset", f"there is no later version {dataset_version} of this dataset")]
            )
        changed = replace(experiment, dataset_version=dataset_version, rows=rows)
        require_runnable(changed, found, is_live=_is_live(experiment))
        self._change(experiment_id, lambda one: replace(one, dataset_version=dataset_version, rows=rows))

    def add_arm(self, experiment_id: str, arm: Arm) -> None:
        """Add an arm, under a key that no arm has had. Raises SpecError; StoreError."""
        experiment = self._read(experiment_id)
        found = self._find_dataset(self.runs.store, experiment.dataset_id, experiment.dataset_version)
        if found is None:
            raise SpecError([Problem("dataset", "the inputs of this experiment were removed")])
        require_runnable(
            replace(experiment, arms=(*experiment.arms, arm)), found, is_live=_is_live(experiment)
        )
        self._change(experiment_id, lambda one: replace(one, arms=(*one.arms, arm)))

    def set_budget(self, experiment_id: str, budget: Budget) -> None:
        """Give it another budget. What was spent before counts. Raises SpecError; StoreError."""
        self._change(experiment_id, lambda one: replace(one, budget=budget))

    def set_rate_limits(self, experiment_id: str, rate_limits: Mapping[str, RateLimit]) -> None:
        """Give its models other limits, by their labels; at once where it is at work. Raises SpecError; StoreError."""
        self._change(experiment_id, lambda one: replace(one, rate_limits=dict(rate_limits)))

    def rename(self, experiment_id: str, name: str) -> None:
        """Call it by another name; runs that have begun keep theirs. Raises SpecError; StoreError."""
        self._change(experiment_id, lambda one: replace(one, name=name))

    def pause(self, experiment_id: str) -> bool:
        """Begin no further cell; those under way end. False if it is not at work in this process."""
        job = self._live_job(experiment_id)
        if job is not None:
            job.pause()
        return job is not None

    def cancel(self, experiment_id: str) -> bool:
        """Begin no further cell, and cancel those under way. False if it is not at work in this process."""
        job = self._live_job(experiment_id)
        if job is not None:
            job.stop("cancel")
        return job is not None

    def get(self, experiment_id: str) -> Snapshot | None:
        """The experiment as far as it is recorded; None if there is no such one. Raises StoreError, SpecError."""
        # Whether it is at work is read before its outcomes, so that one which ends in between is not called stopped.
        job = self._live_job(experiment_id)
        is_claimed = job is not None or self._is_claimed(experiment_id)
        ledger = self._ledger(experiment_id)
        version = job.version if job is not None else 0
        if not ledger.refresh():
            return None
        if not is_claimed and self._recovered.get(experiment_id) != ledger.version:
            try:
                ledger.recover()
            except StoreError as error:  # a full disk, say: it is known all the same
                logger.warning("%s; what became of some runs is not kept", error)
            self._recovered[experiment_id] = ledger.version
        if job is not None:
            return snapshot_at_work(ledger, job, f"{self._token}.{version}.{ledger.version}")
        return snapshot_at_rest(
            ledger, self._jobs.get(experiment_id), is_claimed=is_claimed, token=self._token
        )

    def find_origin(self, run_id: str, experiment_id: str) -> CellOrigin | None:
        """Which cell of this experiment a run is; None where the experiment is not here, or it is none of its. Raises StoreError."""
        text = self.runs.store.document(EXPERIMENT_KIND, experiment_id)
        if text is None:
            return None
        experiment = read_experiment(experiment_id, text)
        cell = find_cell(experiment, run_id)
        return None if cell is None else CellOrigin(experiment, cell)

    def has_any(self) -> bool:
        """Whether there is any experiment but those of lessons, deleted ones too. Raises StoreError."""
        documents = self.runs.store.documents(EXPERIMENT_KIND)
        return any(not self._is_of_lesson(*one) for one in documents.items())

    def list_experiments(self) -> list[ListedExperiment]:
        """The experiments, the newest first, without deleted ones and those of lessons. What cannot be read is left out. Raises StoreError."""
        deleted = self.runs.store.documents(DELETED_EXPERIMENT_KIND)
        listed = []
        for experiment_id, text in self.runs.store.documents(EXPERIMENT_KIND).items():
            if experiment_id in deleted or self._is_of_lesson(experiment_id, text):
                continue
            known = self._finished.get(experiment_id)
            if known is not None and known[0] == text:  # what has ended stays so until its document changes
                listed.append(known[1])
                continue
            try:
                experiment = read_experiment(experiment_id, text)
                snapshot = self.get(experiment_id)
            except (StoreError, SpecError) as error:
                logger.warning("%s; it is left out of the list", error)
                continue
            if snapshot is not None:
                one = ListedExperiment(experiment, snapshot.state, snapshot.done, len(snapshot.cells))
                listed.append(one)
                if one.state == "finished":
                    self._finished[experiment_id] = (text, one)
        return sorted(listed, key=lambda one: one.experiment.created_at, reverse=True)

    def delete(self, experiment_id: str) -> None:
        """Take an experiment and its runs out of the lists, after it was cancelled. They can be had back for a month.

        Raises SpecError while another process runs it, which would go on to spend unseen; StoreError.
        """
        if self.cancel(experiment_id):
            self.wait(experiment_id, 30.0)
        elif self._is_claimed(experiment_id):
            raise SpecError([_ELSEWHERE])
        self.runs.store.delete_experiment(experiment_id, time.time())

    def undelete(self, experiment_id: str) -> None:
        """Bring a deleted experiment back, with its runs. Raises StoreError."""
        self.runs.store.delete_experiment(experiment_id, None)
        self._notify()

    def is_deleted(self, experiment_id: str) -> bool:
        """Whether it was deleted less than a month ago, and can be brought back. Raises StoreError."""
        return self.runs.store.document(DELETED_EXPERIMENT_KIND, experiment_id) is not None

    def wait_for_change(self, experiment_id: str, revision: str, timeout_s: float) -> str:
        """The revision of its snapshot, as soon as it is another one than this, or after `timeout_s` seconds. "" for none. Raises StoreError."""
        until = time.monotonic() + timeout_s
        while True:
            snapshot = self.get(experiment_id)
            now = snapshot.revision if snapshot is not None else ""
            left_s = until - time.monotonic()
            if now != revision or left_s <= 0:
                return now
            is_local = self._live_job(experiment_id) is not None
            with self._changed:
                self._changed.wait(left_s if is_local else min(left_s, ELSEWHERE_S))

    def wait(self, experiment_id: str, timeout_s: float) -> bool:
        """Wait until nothing of it is at work in this process, at most `timeout_s` seconds; whether that is so."""
        with self._lock:
            job = self._jobs.get(experiment_id)
        return job is None or job.ended.wait(timeout_s)

    def join(self, experiment_id: str, timeout_s: float) -> None:
        """The same, but raises TimeoutError if that takes more than `timeout_s` seconds."""
        if not self.wait(experiment_id, timeout_s):
            raise TimeoutError(f"experiment {experiment_id} is still at work after {timeout_s:g} s")

    def _begin(
        self,
        experiment_id: str,
        credentials: Mapping[str, Credentials],
        programs: Mapping[str, BestOfN],
        *,
        new: Experiment | None = None,
    ) -> bool:
        """Have threads run what is left; False if it is at work already, here or elsewhere."""
        store = self.runs.store
        with self._lock:
            job = self._jobs.get(experiment_id)
            if job is not None and job.is_alive:
                return False
            if experiment_id in self._unreleased:  # it is this process's own
                self._unreleased.discard(experiment_id)
            elif not store.claim(_claim(experiment_id)):
                return False
            try:
                if new is not None:
                    if store.document(EXPERIMENT_KIND, experiment_id) is not None:
                        self._release(experiment_id)
                        return False
                    store.put(EXPERIMENT_KIND, experiment_id, codec.dumps(new))
                ledger = self._ledger_locked(experiment_id)
                ledger.refresh()
                ledger.recover()
                keep_control(store, experiment_id, Control("running"))
                job = ExperimentJob(
                    self.runs, ledger, credentials, programs,
                    on_change=self._notify, on_end=lambda: self._release(experiment_id),
                )  # fmt: skip
            except BaseException:
                self._release(experiment_id)
                raise
            self._jobs[experiment_id] = job
        job.start()
        return True

    def _release(self, experiment_id: str) -> None:
        """Let others work at it, now or, on a full disk, as soon as it can be written."""
        try:
            self.runs.store.release(_claim(experiment_id))
        except StoreError as error:
            logger.warning("%s", error)
            self._unreleased.add(experiment_id)
        else:
            self._unreleased.discard(experiment_id)

    def _is_claimed(self, experiment_id: str) -> bool:
        """Whether a process works at it. Raises StoreError."""
        if experiment_id in self._unreleased:
            self._release(experiment_id)
        return experiment_id not in self._unreleased and self.runs.store.is_claimed(_claim(experiment_id))

    def _change(self, experiment_id: str, change: Callable[[Experiment], Experiment]) -> None:
        """Change the document; durable on return. What is added is run at once if it is at work here."""
        store = self.runs.store
        job = self._live_job(experiment_id)
        if job is None and self._is_claimed(experiment_id):
            raise SpecError([_ELSEWHERE])
        with self._lock:
            changed = change(self._read(experiment_id))
            store.put(EXPERIMENT_KIND, experiment_id, codec.dumps(changed))
        self._ledger(experiment_id).refresh()
        if job is not None:
            job.budget.change(changed.budget)
            job.add()
        self._notify()

    def _check_keys(
        self, experiment: Experiment, credentials: Credentials | None, programs: Mapping[str, BestOfN]
    ) -> dict[str, Credentials]:
        """The credentials of each arm. A missing key, or a model that nobody has agreed to, is said before anything is kept."""
        by_arm = split_credentials(experiment, credentials)
        for arm in experiment.arms:
            if arm.key in programs:
                continue
            if file := arm.spec.program_file:
                message = f"{arm.name} is the Python program {file}, and resumes only with it: refinescope batch {file}"
                raise SpecError([Problem("arms", message)])
            own = by_arm[arm.key]
            self.runs.require_agreed(arm.spec.parent, arm.spec, own)
            self.runs.make_job(experiment.id, arm.spec, own).close()
        return by_arm

    def _is_of_lesson(self, experiment_id: str, text: str) -> bool:
        """Whether a lesson made it. What cannot be read is no lesson's, as far as anybody knows."""
        if experiment_id not in self._of_lessons:
            try:
                self._of_lessons[experiment_id] = bool(read_experiment(experiment_id, text).lesson)
            except StoreError:
                return False
        return self._of_lessons[experiment_id]

    def _live_job(self, experiment_id: str) -> ExperimentJob | None:
        """Its job, while that is at work in this process."""
        with self._lock:
            job = self._jobs.get(experiment_id)
        return job if job is not None and job.is_alive else None

    def _read(self, experiment_id: str) -> Experiment:
        """The document of an experiment. Raises SpecError for an unknown one, and for one that was deleted; StoreError."""
        text = self.runs.store.document(EXPERIMENT_KIND, experiment_id)
        if text is None:
            raise _unknown(experiment_id)
        if self.is_deleted(experiment_id):
            raise SpecError([_DELETED])
        return read_experiment(experiment_id, text)

    def _ledger(self, experiment_id: str) -> Ledger:
        with self._lock:
            return self._ledger_locked(experiment_id)

    def _ledger_locked(self, experiment_id: str) -> Ledger:
        job = self._jobs.get(experiment_id)
        if job is not None and job.is_alive:
            return job.ledger
        ledger = self._ledgers.get(experiment_id)
        if ledger is None:
            ledger = Ledger(self.runs.store, experiment_id, self._find_dataset)
            self._ledgers[experiment_id] = ledger
        self._ledgers.move_to_end(experiment_id)
        while len(self._ledgers) > MAX_LEDGERS:
            self._ledgers.popitem(last=False)
        return ledger

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _is_live(experiment: Experiment) -> bool:
    return all(arm.spec.program_file for arm in experiment.arms)


def _claim(experiment_id: str) -> str:
    return f"experiment {experiment_id}"


def _unknown(experiment_id: str) -> SpecError:
    return SpecError([Problem("experiment", f"there is no experiment {experiment_id!r}")])


def new_experiment_id() -> str:
    """An id for an experiment, which its runs' ids begin with."""
    return new_run_id()
