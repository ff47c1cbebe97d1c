"""Saved rewards: a reward under a name, with every version of it, in the store's documents of kind "reward".

save_reward(name, source) -> a new version          list_rewards() -> the saved rewards, by name
compare_versions(older, newer) -> what changed, line by line
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace

from refine_core import runs
from refine_core.differences import Difference, diff_lines
from refine_core.errors import Problem, SpecError
from refine_core.events import RunStarted
from refine_core.log import codec
from refine_core.workbench.reading import Reading

logger = logging.getLogger("refine_core")

KIND = "reward"
MAX_NAME_CHARS = 80
MAX_RUNS_LOOKED_AT = 500
"""The newest runs, among which those that used a reward are found."""


@dataclass(frozen=True, slots=True)
class RewardVersion:
    """One version of a saved reward.

    number: from 1. source: Python text. saved_at: seconds since the epoch. reading: what is known of it, such as its shape.
    cases: the text of its NAME.cases.json (refine_core.cases), or "" for none.
    """

    number: int
    source: str
    saved_at: float
    reading: Reading = field(default_factory=Reading)
    cases: str = ""

    def same_as(self, other: RewardVersion) -> bool:
        """Whether both score alike: number, date and cases aside, they are the same."""
        return replace(other, number=self.number, saved_at=self.saved_at, cases=self.cases) == self


@dataclass(frozen=True, slots=True)
class SavedReward:
    """A reward under a name. versions: at least one, the oldest first."""

    name: str
    versions: tuple[RewardVersion, ...]

    @property
    def latest(self) -> RewardVersion:
        """The version that was saved last."""
        return self.versions[-1]

    def version(self, number: int) -> RewardVersion | None:
        """The version of that number, or None."""
        return next((one for one in self.versions if one.number == number), None)


def list_rewards() -> dict[str, SavedReward]:
    """Name -> saved reward, sorted by name. One that cannot be read, perhaps of a newer version, is left out. Raises StoreError."""
    rewards = {name: _read(name, text) for name, text in runs.default().store.documents(KIND).items()}
    return {
        name: saved
        for name, saved in sorted(rewards.items(), key=lambda item: (item[0].casefold(), item[0]))
        if saved is not None
    }


def read_reward(name: str) -> SavedReward | None:
    """The saved reward of that name, or None. Raises StoreError."""
    text = runs.default().store.documents(KIND).get(name)
    return None if text is None else _read(name, text)


def save_reward(
    name: str,
    source: str,
    *,
    reading: Reading | None = None,
    new: bool = False,
    cases: str | None = None,
) -> SavedReward:
    """Save a reward under a name, as its next version; what equals its latest version is not saved twice.

    new: whether the name must be free. cases: the text of its cases; None for those of its latest version. Other cases of the same
    reward take the place of that version's: they make no new one, as it scores alike. Raises: SpecError for a name that cannot be used or is taken, and for a source without
    text; StoreError. Then nothing was saved.
    """
    place, name = runs.default().store, name.strip()
    text = place.documents(KIND).get(name)
    if problem := _find_problem(name, source, taken=new and text is not None):
        raise SpecError([problem])
    before = None if text is None else _read(name, text)
    if text is not None and before is None:
        raise SpecError([Problem("name", f"the reward {name!r} cannot be read, so it is left as it is")])
    number = 1 if before is None else before.latest.number + 1
    versions = before.versions if before is not None else ()
    if cases is None:
        cases = versions[-1].cases if versions else ""
    version = RewardVersion(number, source, time.time(), reading or Reading(), cases)
    if versions and versions[-1].same_as(version):
        if before is not None and versions[-1].cases == cases:
            return before
        version, versions = replace(versions[-1], cases=cases), versions[:-1]
    saved = SavedReward(name, (*versions, version))
    place.put(KIND, name, codec.dumps({"versions": saved.versions}))
    return saved


def remove_reward(name: str) -> SavedReward | None:
    """Remove a saved reward with all its versions, and return it, so that it can be put back. Raises StoreError."""
    saved = read_reward(name)
    runs.default().store.drop(KIND, name)
    return saved


def restore_reward(saved: SavedReward) -> None:
    """Put back a reward that was removed. Raises StoreError."""
    runs.default().store.put(KIND, saved.name, codec.dumps({"versions": saved.versions}))


def list_uses(saved: SavedReward) -> dict[int, list[str]]:
    """Number of a version -> ids of the runs whose reward has its very source, the newest first. Of the newest runs. Raises StoreError."""
    number_of = {one.source.strip(): one.number for one in saved.versions}
    uses: dict[int, list[str]] = {}
    for record in runs.default().store.starts(limit=MAX_RUNS_LOOKED_AT):
        spec = record.event.spec if isinstance(record.event, RunStarted) else None
        is_own = (
            spec is not None and spec.hint_test is None and spec.experiment is None
        )  # a try of a hint test belongs to its run
        number = number_of.get(spec.reward.strip()) if spec is not None and is_own else None
        if number is not None:
            uses.setdefault(number, []).append(record.run_id)
    return uses


def compare_versions(older: RewardVersion, newer: RewardVersion) -> Difference:
    """What changed in the source from one version to another, line by line."""
    return diff_lines(older.source, newer.source)


def count_changed_lines(before: str, after: str) -> int:
    """How many lines of `after` are new or changed, and how many of `before` are gone, whichever is more."""
    counts = {"added": 0, "removed": 0, "same": 0}
    for piece in diff_lines(before, after).pieces:
        counts[piece.kind] += len(piece.text.splitlines())
    return max(counts["added"], counts["removed"])


def _find_problem(name: str, source: str, *, taken: bool) -> Problem | None:
    if not name:
        return Problem("name", "give the reward a name, such as short and correct")
    if not name.isprintable() or len(name) > MAX_NAME_CHARS:
        return Problem("name", f"the name must be one line of at most {MAX_NAME_CHARS} characters")
    if taken:
        return Problem("name", f"there is a reward {name!r} already; open it, or choose another name")
    if not source.strip():
        return Problem("reward", "there is no code to save yet")
    return None


def _read(name: str, text: str) -> SavedReward | None:
    try:
        match codec.loads(text):
            case {"versions": [_, *_] as versions}:
                return SavedReward(name, tuple(codec.build(RewardVersion, one) for one in versions))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("reward %r cannot be read (%s); it is left as it is", name, type(error).__name__)
    return None
