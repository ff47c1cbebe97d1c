"""How many of a run's attempts a branch may keep: those that its own loop would have made in the same way.

The loop itself is asked, as in a what-if: what it says of the kept attempts under the branch's reward, validators, threshold and
fail_count. Where it would have stopped, or gone another way, nothing after that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from refine_core.log.timeline import Attempt, Timeline
from refine_core.loop import Stop, decide
from refine_core.spec import ProgramSpec
from refine_core.what_if.core import Recorded, last_attempt, read_run
from refine_core.what_if.results import End
from refine_core.what_if.sentences import describe_first_difference


@dataclass(frozen=True, slots=True)
class Kept:
    """What a branch keeps. count: attempts. advice: whether the advice after the last of them is kept, too, if there is any.

    stop: what its loop says at once, if it has nothing to do. why: in words why that is all; "" where nothing differs.
    """

    count: int
    advice: bool = True
    stop: Stop | None = None
    why: str = ""


def list_ended(timeline: Timeline) -> list[Attempt]:
    """The attempts that a branch can keep: those that ended, from the first on, without a gap."""
    by_index = {attempt.index: attempt for attempt in timeline.attempts if attempt.has_ended}
    ended: list[Attempt] = []
    while len(ended) in by_index:
        ended.append(by_index[len(ended)])
    return ended


def find_kept(
    timeline: Timeline, scoring: ProgramSpec, spec: ProgramSpec, count: int, ends: Mapping[int, End] | None
) -> Kept:
    """What is kept of the first `count` attempts of a run, all of which ended.

    scoring: the run's description with the branch's reward, validators, threshold and fail_count. spec: the branch's.
    ends: index -> how an attempt ends under the branch's reward; None as recorded. Raises RewardError for a check that cannot be read.
    """
    first = replace(timeline, attempts=list_ended(timeline)[:count])
    recorded = read_run(first, scoring, ends)
    loop = recorded.loop
    count_all = spec.attempt_count
    plan = replace(
        loop.plan,
        temperatures=(loop.plan.temperatures * count_all)[:count_all],  # which they are decides nothing here
        fail_count=count_all if spec.fail_count is None else spec.fail_count,
    )
    action = next(iter(decide(replace(loop, plan=plan))), None)
    if isinstance(action, Stop):
        last = min(last_attempt(replace(recorded, plan=plan), action), count - 1)
        return Kept(last + 1, stop=action, why=_describe_early_stop(last, count))
    return Kept(recorded.exact, _keeps_advice(recorded), why=_why_other(recorded))


def _keeps_advice(recorded: Recorded) -> bool:
    """Whether the recorded advice after the last attempt that is kept is what the branch would have been given."""
    conditions = recorded.conditions
    return recorded.exact < conditions.same or (conditions.difference is None and conditions.alike_at_end)


def _why_other(recorded: Recorded) -> str:
    conditions, exact = recorded.conditions, recorded.exact
    if exact < conditions.same and exact < len(recorded.attempts):
        return f"attempt {exact + 1} has not been scored yet"
    if conditions.difference is None:
        return ""
    return describe_first_difference(recorded.timeline.spec, conditions, recorded.spec, exact)


def _describe_early_stop(last: int, count: int) -> str:
    return "" if last + 1 == count else f"the run would have stopped at attempt {last + 1}"
