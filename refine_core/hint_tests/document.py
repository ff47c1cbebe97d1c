"""A hint test as it is kept: which attempt, which arms, and the id of each try's run, given out before anything is asked.

A try has been started exactly if its run is in the store. So a test that a reload, a crash or a cancel cut off knows what is left.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from refine_core.hints import is_hint
from refine_core.log import codec
from refine_core.runs import new_run_id
from refine_core.store.protocol import HINT_TEST_KIND, Store

logger = logging.getLogger("refine_core")

ArmKind = Literal["none", "this", "other"]
LABELS: Final[Mapping[ArmKind, str]] = {"none": "No hint", "this": "This hint", "other": "Edited hint"}

WHO: Final[Mapping[ArmKind, str]] = {"none": "No hint", "this": "The hint", "other": "The edit"}
"""The same as the subject of a sentence."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What tries have in common: the hints that they start with, predictor -> text; {} for no hint.

    kind: "none"; "this" for those that the attempt was given; "other" for those that a person wrote.
    """

    kind: ArmKind
    hints: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What a person reads: "No hint"."""
        return LABELS[self.kind]

    @property
    def real_hints(self) -> dict[str, str]:
        """Those of its hints that say something."""
        return {name: text for name, text in self.hints.items() if is_hint(text)}


@dataclass(frozen=True, slots=True)
class PlannedTry:
    """A try. arm: its place among the arms. number: from 1, within its arm. rollout, seed: which no other try of the test has.

    run_id: of its run, which may not have begun. seed: sent where the model of the run is sent one, and the practice model's.
    """

    arm: int
    number: int
    rollout: int
    seed: int
    run_id: str


@dataclass(frozen=True, slots=True)
class Document:
    """A hint test. attempt: of the run, from 1. batches: tries of each arm that were asked for, at first and then more."""

    id: str
    run_id: str
    attempt: int
    arms: tuple[Arm, ...]
    tries: tuple[PlannedTry, ...]
    at_once: int
    created_at: float
    batches: tuple[int, ...] = ()

    @classmethod
    def begin(cls, run_id: str, attempt: int, arms: Sequence[Arm], at_once: int) -> Document:
        """A test without tries."""
        return cls(new_run_id(), run_id, attempt, tuple(arms), (), at_once, time.time())

    def extend(self, seeds: Sequence[int]) -> Document:
        """The same with a try more for each seed: one for each arm, then the next one for each."""
        started, arms = len(self.tries), len(self.arms)
        added = [
            PlannedTry(place % arms, (started + place) // arms + 1, started + place + 1, seed, new_run_id())
            for place, seed in enumerate(seeds)
        ]
        return replace(self, tries=(*self.tries, *added), batches=(*self.batches, len(seeds) // max(arms, 1)))

    def next_seeds(self, first: int, tries: int) -> list[int]:
        """Seeds for so many more tries of each arm, which no try has had. first: the highest that is taken."""
        return [first + 1 + place for place in range(tries * len(self.arms))]

    @property
    def name(self) -> str:
        """Its name among the documents: it stands beside its run, and is removed with it."""
        return f"{self.run_id}/{self.id}"


def keep(store: Store, document: Document) -> None:
    """Keep it, in place of what was there. Raises StoreError."""
    store.put(HINT_TEST_KIND, document.name, codec.dumps(document))


def find(store: Store, test_id: str) -> Document | None:
    """The hint test of that id, or None. Raises StoreError."""
    return next((one for one in list_documents(store) if one.id == test_id), None)


def list_documents(store: Store, run_id: str | None = None) -> list[Document]:
    """The hint tests, of one run or of all, the newest first. What cannot be read is left out. Raises StoreError."""
    found = _read_all(store.documents(HINT_TEST_KIND).items(), run_id)
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def _read_all(named: Iterable[tuple[str, str]], run_id: str | None) -> Iterable[Document]:
    for name, text in named:
        if run_id is not None and name.rpartition("/")[0] != run_id:
            continue
        try:
            yield codec.build(Document, codec.loads(text))  # type: ignore[arg-type]  # what is not such data is caught
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            logger.warning(
                "hint test %r cannot be read (%s); it is left as it is", name, type(error).__name__
            )
