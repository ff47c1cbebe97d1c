"""The list of runs: finding them, and what a person notes about them.

    search(text, filters, sort, page) --> RunPage           rename, tag, star, note, label, delete --> the run's annotation

A deleted run is gone from the list at once, and comes back with `undelete`. KEEP_DELETED_S later it is removed for good, when
Refinescope opens its store.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from refine_core.errors import StoreError
from refine_core.log.well_formed import make_well_formed
from refine_core.store.listing import (
    NEWEST_FIRST,
    NO_FILTERS,
    Annotation,
    Choices,
    Filters,
    Label,
    ListedRun,
    RunPage,
    Sort,
)
from refine_core.store.protocol import Store

logger = logging.getLogger("refine_core")

PAGE_SIZE: Final = 25
MAX_TRIES: Final = 100_000  # of all hint tests on the runs that are deleted at once
KEEP_DELETED_S: Final = 30 * 86_400.0
NAME_CHARACTERS: Final = 200
TAG_CHARACTERS: Final = 40


class RunList:
    """The list of the runs in one store. Safe to use from any thread.

    ended: ids of unfinished runs at which this process does not work any more. paused: of those that wait for a person.
    """

    def __init__(
        self, store: Store, ended: Callable[[], AbstractSet[str]], paused: Callable[[], AbstractSet[str]]
    ) -> None:
        self._store, self._ended, self._paused = store, ended, paused

    def search(
        self,
        text: str = "",
        filters: Filters = NO_FILTERS,
        sort: Sort = NEWEST_FIRST,
        page: int = 1,
        *,
        size: int = PAGE_SIZE,
        index_s: float = 0.5,
    ) -> RunPage:
        """A page of the runs that match, in text that a screen can show. Raises StoreError.

        text: any text; every word must be in the run, the last one may be incomplete. page: counts from 1.
        index_s: as for `Store.search`.
        """
        found = self._store.search(
            text,
            filters,
            sort,
            limit=size,
            offset=(max(page, 1) - 1) * size,
            index_s=index_s,
            ended=self._ended(),
            paused=self._paused(),
        )
        return make_well_formed(found)

    def listed(self, run_ids: Iterable[str]) -> dict[str, ListedRun]:
        """Those of these runs that are in the list, in the order given. Raises StoreError."""
        wanted = tuple(dict.fromkeys(run_ids))
        if not wanted:
            return {}
        rows = {
            row.run_id: row
            for row in self.search("", Filters(run_ids=wanted), size=len(wanted), index_s=0.0).rows
        }
        return {run_id: rows[run_id] for run_id in wanted if run_id in rows}

    def choices(self) -> Choices:
        """The models and tags of the runs in the list. Raises StoreError."""
        return make_well_formed(self._store.choices(index_s=0.0))

    def annotation(self, run_id: str) -> Annotation:
        """What was noted about a run. Raises StoreError."""
        return self._store.annotation(run_id)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run by another name than its title; "" takes the name away. Raises StoreError."""
        line = " ".join(name.split())[:NAME_CHARACTERS]
        self._store.annotate(run_id, lambda one: replace(one, name=line))

    def tag(self, run_id: str, tags: Iterable[str]) -> None:
        """Give a run these tags, in place of those it has. Raises StoreError."""
        lines = (" ".join(tag.split())[:TAG_CHARACTERS] for tag in tags)
        clean = tuple(dict.fromkeys(line for line in lines if line))
        self._store.annotate(run_id, lambda one: replace(one, tags=clean))

    def star(self, run_id: str, *, starred: bool = True) -> None:
        """Mark a run with a star, or take it away. Raises StoreError."""
        self._store.annotate(run_id, lambda one: replace(one, starred=starred))

    def note(self, run_id: str, note: str) -> None:
        """Write a note beside a run; "" for none. Raises StoreError."""
        self._store.annotate(run_id, lambda one: replace(one, note=note.strip()))

    def label(self, run_id: str, attempt: int, label: Label | None) -> None:
        """Label the attempt of that index good or bad; None takes the label away. Raises StoreError."""
        self._store.label(run_id, attempt, label)

    def labels(self, run_id: str) -> Mapping[int, Label]:
        """Index of an attempt -> its label. Raises StoreError."""
        return self._store.labels(run_id)

    def delete(self, run_ids: Iterable[str]) -> None:
        """Take runs out of the list, and the tries of their hint tests. They can be had back for a month. Raises StoreError."""
        at = time.time()
        for run_id in self._with_tries(run_ids, deleted=False):
            self._store.annotate(run_id, lambda one: replace(one, deleted_at=at))

    def undelete(self, run_ids: Iterable[str]) -> None:
        """Bring deleted runs back into the list, and the tries of their hint tests. Raises StoreError."""
        for run_id in self._with_tries(run_ids, deleted=True):
            self._store.annotate(run_id, lambda one: replace(one, deleted_at=None))

    def _with_tries(self, run_ids: Iterable[str], *, deleted: bool) -> list[str]:
        """These runs, and the tries of hint tests on them, as they go with them."""
        chosen = list(dict.fromkeys(run_ids))
        tries = Filters(tries=True, parents=tuple(chosen), deleted=deleted)
        found = self._store.search("", tries, limit=MAX_TRIES) if chosen else None
        return [*chosen, *(row.run_id for row in (found.rows if found is not None else ()))]

    def purge(self) -> int:
        """Remove for good what was deleted a month ago or more; how many runs that were. A failure is logged: it can wait."""
        try:
            return self._store.purge(time.time() - KEEP_DELETED_S)
        except StoreError as error:
            logger.warning("%s; deleted runs are kept until the next start", error)
            return 0


def describe_pair(first: ListedRun, second: ListedRun) -> str:
    """What two runs have in common and what not: "Same program and inputs, another model"."""
    a, b = first.summary, second.summary
    alike = {
        "program": first.facts.program_hash == second.facts.program_hash,
        "inputs": first.facts.inputs_hash == second.facts.inputs_hash,
        "model": a.model == b.model,
        "settings": (a.strategy, a.N, a.threshold) == (b.strategy, b.N, b.threshold),
    }
    same = [name for name, equal in alike.items() if equal]
    # A run's own hash is of both, so that here nobody knows which of them differs.
    other = ["program or reward" if name == "program" else name for name, equal in alike.items() if not equal]
    if not other:
        return "Same program, inputs, model and settings"
    if not same:
        return f"Other {_list(other)}"
    return f"Same {_list(same)}, other {_list(other)}"


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
