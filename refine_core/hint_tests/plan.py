"""What a hint test will run, before anything is asked: arms, calls, price, and all that keeps it from being run.

plan_hint_test(runs, run_id, attempt=4, tries=10) -> HintTestPlan(estimate, problems, notes, giveaways)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Final

from refine_core.errors import Problem
from refine_core.formatting import format_score
from refine_core.hint_tests.document import WHO, Arm, ArmKind, Document, list_documents
from refine_core.hint_tests.estimates import Estimate, estimate
from refine_core.hint_tests.giveaways import Giveaway, find_giveaways
from refine_core.hint_tests.tries import try_spec
from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Timeline
from refine_core.refine.build import find_problems
from refine_core.runs import Runs
from refine_core.runs.logs import no_such_run
from refine_core.spec.limits import is_whole
from refine_core.statistics import detectable_difference

TRIES: Final = 10
AT_ONCE: Final = 4
MAX_TRIES, MAX_AT_ONCE, MIN_TRIES, MIN_ARMS = 200, 16, 2, 2
ARMS: Final[tuple[ArmKind, ...]] = ("none", "this")


@dataclass(frozen=True, slots=True)
class HintTestPlan:
    """A hint test that has not begun. attempt: from 1. tries: of each arm. estimate: what it will take.

    problems: what keeps it from being run. notes: what to know before, a sentence each. giveaways: arm -> what its hints give
    away. detectable: the smallest difference that it will show in 8 of 10 cases, if rewards vary as in the run; None: unknown.
    document: what will be kept; None where there are problems.
    """

    run_id: str
    attempt: int
    arms: tuple[Arm, ...]
    tries: int
    at_once: int
    estimate: Estimate
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    giveaways: Mapping[ArmKind, tuple[Giveaway, ...]] | None = None
    detectable: float | None = None
    document: Document | None = None

    @property
    def calls(self) -> int:
        """Calls to models."""
        return self.estimate.calls

    @property
    def warnings(self) -> tuple[str, ...]:
        """What hints give away, a sentence each."""
        found = (self.giveaways or {}).items()
        return tuple(one.describe(WHO[kind]) for kind, several in found for one in several)

    @property
    def detectable_sentence(self) -> str:
        """What it will show, in a sentence: "10 each show a difference of about 0.4 or more."; "" where that is not known."""
        if self.detectable is None:
            return ""
        return f"{self.tries} each show a difference of about {format_score(self.detectable)} or more."


def plan_hint_test(
    runs: Runs,
    run_id: str,
    attempt: int,
    *,
    arms: Sequence[ArmKind] = ARMS,
    other: Mapping[str, str] | None = None,
    tries: int = TRIES,
    at_once: int = AT_ONCE,
    seeds: Sequence[int] | None = None,
) -> HintTestPlan:
    """Plan a test of the hints of an attempt (from 1). Nothing is asked, nothing is kept. Raises StoreError.

    arms: which to compare. other: predictor -> hint that a person wrote, "" for none, of the arm "other"; hints of other predictors
    stay. tries: of each arm. at_once: how many may be under way together. seeds: one for each try, the arms in turn; by default
    they follow the run's own.
    """
    kinds = tuple(dict.fromkeys(arms))
    timeline = runs.timeline(run_id)
    if timeline is None:
        return _cannot(run_id, attempt, tries, at_once, *no_such_run(run_id).problems)
    found = next((one for one in timeline.attempts if one.index == attempt - 1), None)
    if found is None:
        problem = Problem("attempt", f"the run has no attempt {attempt}; it has {len(timeline.attempts)}")
        return _cannot(run_id, attempt, tries, at_once, problem)
    built = tuple(_arm(kind, found, other or {}) for kind in kinds)
    problems = [
        *_run_problems(timeline, found),
        *_arm_problems(timeline, found, kinds, other or {}),
        *_number_problems(tries, at_once),
    ]
    document = None
    if not problems:
        empty = Document.begin(run_id, attempt, built, at_once)
        chosen = list(seeds) if seeds is not None else empty.next_seeds(highest_seed(runs, timeline), tries)
        problems += _seed_problems(chosen, tries * len(built))
        document = None if problems else empty.extend(chosen)
    if document is not None:
        first = document.tries[0]
        problems += find_problems(try_spec(timeline, found, built[first.arm], first, document.id))
        document = None if problems else document
    total = tries * len(built) if is_whole(tries, 1) else 0
    return HintTestPlan(
        run_id,
        attempt,
        built,
        tries,
        at_once,
        estimate(timeline, found, total, at_once if is_whole(at_once, 1) else 1),
        tuple(problems),
        tuple(list_notes(timeline, found)),
        {arm.kind: several for arm in built if (several := _giveaways(timeline, found, arm))},
        _detectable(timeline, tries),
        document,
    )


def _cannot(run_id: str, attempt: int, tries: int, at_once: int, *problems: Problem) -> HintTestPlan:
    """The plan of a test of something that is not there."""
    return HintTestPlan(run_id, attempt, (), tries, at_once, Estimate(0, 0, 0, None, None), problems)


def highest_seed(runs: Runs, timeline: Timeline) -> int:
    """The highest seed that the run, or a try of one of its tests, was given: two tests never repeat each other's draws."""
    own = timeline.spec.seed if timeline.spec.model.seed is None else timeline.spec.model.seed
    documents = list_documents(runs.store, timeline.run_id)
    return max([own, *(one.seed for document in documents for one in document.tries)])


def list_notes(timeline: Timeline, attempt: Attempt) -> list[str]:
    """What makes tries less than independent draws at one temperature, in plain words."""
    spec, notes = timeline.spec, []
    if spec.model.kind == "practice":
        notes.append("The practice model answers: no key, no cost. It is not a language model.")
    if not timeline.has_temperature(attempt):
        notes.append("The model takes no temperature, so its own way of drawing tells the tries apart.")
    elif attempt.temperature == 0:
        notes.append(
            "At temperature 0 a model gives nearly the same answer each time: more tries tell little more than one."
        )
    if spec.model.kind == "litellm" and spec.model.seed is not None:
        notes.append("Each try sends a seed of its own. A server that ignores seeds draws anew each time.")
    return notes


def _arm(kind: ArmKind, attempt: Attempt, other: Mapping[str, str]) -> Arm:
    if kind == "none":
        return Arm(kind)
    own = attempt.real_hints
    if kind == "this":
        return Arm(kind, own)
    merged = {**own, **{name: text.strip() for name, text in other.items()}}
    return Arm(kind, {name: text for name, text in merged.items() if is_hint(text)})


def _run_problems(timeline: Timeline, attempt: Attempt) -> list[Problem]:
    if any(m is not None and m.kind == "replay" for m in (timeline.spec.model, timeline.spec.judge)):
        text = (
            "A replay has only the replies that were recorded, so every try would be the same. "
            "Test the hint in the run that it replays."
        )
        return [Problem("run", text)]
    if not attempt.has_ended:
        return [Problem("attempt", f"attempt {attempt.index + 1} has not ended yet; wait for its reward")]
    return []


def _arm_problems(
    timeline: Timeline, attempt: Attempt, kinds: Sequence[ArmKind], other: Mapping[str, str]
) -> list[Problem]:
    problems = []
    if len(kinds) < MIN_ARMS:
        problems.append(Problem("arms", "Choose at least two: a difference needs something to compare with."))
    if "this" in kinds and not attempt.real_hints:
        problems.append(
            Problem(
                "attempt", f"Attempt {attempt.index + 1} was given no hint; choose one that was given a hint."
            )
        )
    if "other" in kinds:
        typed = _arm("other", attempt, other)
        if unknown := [name for name in other if name not in timeline.predictors]:
            known = ", ".join(timeline.predictors)
            problems.append(
                Problem("other", f"no predictor is called {unknown[0]!r}; this program has {known}")
            )
        elif not typed.hints:
            problems.append(Problem("other", "The edited hint is empty: write one, or leave it out."))
        elif typed.hints == attempt.real_hints:
            problems.append(
                Problem(
                    "other", "The edited hint is the same as this hint: change its text, or leave it out."
                )
            )
    return problems


def _number_problems(tries: int, at_once: int) -> list[Problem]:
    problems = []
    if not is_whole(tries, MIN_TRIES) or tries > MAX_TRIES:
        problems.append(
            Problem("tries", f"tries of each must be from {MIN_TRIES} to {MAX_TRIES}, not {tries!r}")
        )
    if not is_whole(at_once, 1) or at_once > MAX_AT_ONCE:
        problems.append(Problem("at_once", f"at once must be from 1 to {MAX_AT_ONCE}, not {at_once!r}"))
    return problems


def _seed_problems(seeds: Sequence[int], wanted: int) -> list[Problem]:
    """Two tries with one seed would be one try, counted twice."""
    if len(seeds) != wanted:
        return [Problem("seeds", f"give one seed for each try: {wanted}, not {len(seeds)}")]
    twice = sorted({seed for seed in seeds if list(seeds).count(seed) > 1})
    if twice:
        return [
            Problem(
                "seeds", f"two tries have the seed {twice[0]}; identical seeds would count one draw twice"
            )
        ]
    return []


def _giveaways(timeline: Timeline, attempt: Attempt, arm: Arm) -> tuple[Giveaway, ...]:
    found = [one for text in arm.real_hints.values() for one in find_giveaways(timeline, attempt, text)]
    return tuple(dict.fromkeys(found))


def _detectable(timeline: Timeline, tries: int) -> float | None:
    rewards = [
        one.reward for one in timeline.attempts if one.reward is not None and math.isfinite(one.reward)
    ]
    if len(rewards) < MIN_TRIES or not is_whole(tries, MIN_TRIES) or (spread := stdev(rewards)) == 0:
        return None
    return detectable_difference(spread, tries)
