"""Remarks on the reward of a run: that it is the same in every attempt, and on which of its lines it failed.

reward_remark(line) -> "The reward was 0 in each of 4 attempts, although the outputs differ. …" or ""
failed_lines(line)  -> a Problem for each line of the reward, to be marked where it is typed
"""

from __future__ import annotations

from refine_core.errors import Problem, RewardError
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import describe_failure, format_reward
from refine_core.rewards.source import list_names
from refine_core.stop_summary import list_attempts

MIN_ATTEMPTS = 3  # scored, before the same reward is more than chance
_CAUSES = (
    "Check which outputs it reads and what it compares them with. Common causes: upper and lower case, spaces or a full "
    "stop around the value, text compared with a number, a return that every answer reaches."
)


def reward_remark(timeline: Timeline) -> str:
    """That every attempt got the same reward, and what to check; "" where there is nothing to say.

    It takes MIN_ATTEMPTS scored attempts, of which none was good enough to stop.
    """
    scored = [attempt for attempt in timeline.attempts if attempt.reward is not None]
    if (
        len(scored) < MIN_ATTEMPTS
        or len({one.reward for one in scored}) > 1
        or any(attempt.reaches_threshold for attempt in scored)
    ):
        return ""
    value = format_reward(timeline, scored[0].reward)
    changed = _changed(timeline, scored)
    if not changed:
        remedies = "More specific hints or another model"
        if all(map(timeline.has_temperature, scored)):
            remedies = "A higher temperature, more specific hints or another model"
        return (
            f"Each of the {len(scored)} attempts returned the same outputs, so the reward was {value} every time. "
            f"{remedies} may change that."
        )
    summary = f"The reward was {value} in each of {len(scored)} attempts, although the outputs differ."
    if any(one.score is not None and one.score.refusals for one in scored):
        return f"{summary} The sandbox refused something that its code tried, which may be the cause; see the attempts."
    if _names_none_of(timeline.spec.reward, changed):
        quoted = [repr(name) for name in changed]
        names = f"{', '.join(quoted[:-1])} and {quoted[-1]}" if quoted[1:] else quoted[0]
        what = "the outputs that change" if changed[1:] else "the output that changes"
        return f"{summary} Its code never names {names}, {what}. {_CAUSES}"
    return f"{summary} {_CAUSES}"


def _changed(timeline: Timeline, scored: list[Attempt]) -> list[str]:
    """The outputs that differ between attempts, without the reasoning that a strategy adds."""
    added = any(stage.strategy == "chain_of_thought" for stage in timeline.spec.stages)
    first = scored[0].outputs or {}
    names = dict.fromkeys(name for one in scored for name in one.outputs or ())
    return [
        name
        for name in names
        if not (added and name == "reasoning")
        and any((one.outputs or {}).get(name) != first.get(name) for one in scored[1:])
    ]


def _names_none_of(reward: str, names: list[str]) -> bool:
    try:
        return list_names(reward).isdisjoint(names)
    except RewardError:  # it cannot be parsed
        return False


def failed_lines(timeline: Timeline) -> list[Problem]:
    """Where the reward failed, a problem for each line and error, in the order of the attempts."""
    attempts_by_line: dict[tuple[int, str], list[int]] = {}
    for attempt in timeline.attempts:
        error = attempt.error
        if attempt.phase == "reward" and error is not None and error.line is not None:
            attempts_by_line.setdefault((error.line, describe_failure(attempt)), []).append(attempt.index)
    return [
        Problem("reward", f"{list_attempts(indices)} failed here: {why}", line=at)
        for (at, why), indices in attempts_by_line.items()
    ]
