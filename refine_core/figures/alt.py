"""The timeline in a few sentences, for whoever cannot see it."""

from __future__ import annotations

from refine_core.formatting import format_temperature, pluralize
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import ATTEMPT_OUTCOMES, describe_outcome, describe_unmet_rules, format_reward
from refine_core.stop_summary import describe_kept_attempts

_EACH = 12  # attempts told one by one; more are summed up


def describe_figure(timeline: Timeline, *, live: bool = True) -> str:
    """What the chart shows, from the same data. It quotes no model. live: a run without an end goes on."""
    attempts, count = timeline.attempts, len(timeline.attempts)
    if not count:
        return f"Timeline of a run of at most {pluralize(timeline.spec.attempt_count, 'attempt')}; none has begun."
    sentences = [
        f"Timeline of {pluralize(count, 'attempt')}."
        if "N" in timeline.unknown
        else f"Timeline of {pluralize(count, 'attempt')} of at most {timeline.spec.attempt_count}.",
        *filter(None, [label(timeline)]),
    ]
    if timeline.spec.threshold is not None:
        sentences.append(f"The threshold is {format_reward(timeline, timeline.spec.threshold)}.")
    sentences += filter(None, [describe_kept_attempts(timeline)])
    if timeline.uses_rollouts:
        sentences.append("No temperature is used; each attempt is another rollout.")
    elif timeline.shows_rollouts:
        sentences.append(
            f"Each attempt is another rollout at temperature {format_temperature(timeline.temperatures[0])}."
        )
    if count <= _EACH:
        sentences += [_describe_attempt(timeline, attempt) for attempt in attempts]
    else:
        sentences += _summarize_attempts(timeline)
    if timeline.end is None:
        sentences.append("The run goes on." if live else "The run was interrupted.")
    elif timeline.returned_index is not None:
        sentences.append(f"Attempt {timeline.returned_index + 1} was returned.")
    return " ".join(sentences)


def label(timeline: Timeline) -> str:
    """The note on the chart of a replay, that its replies are recorded ones; "" for any other run."""
    model = timeline.spec.model
    if model.kind != "replay":
        return ""
    return f"Replay: recorded replies of {model.model or 'a run'}; no model was asked."


def _describe_attempt(timeline: Timeline, attempt: Attempt) -> str:
    name, kind = f"Attempt {attempt.index + 1}", attempt.outcome
    if attempt.reward is not None:
        failed = describe_unmet_rules(attempt)
        what = f"{name} scored {format_reward(timeline, attempt.reward)}" + (f" ({failed})" if failed else "")
        if kind != "scored":
            what += f", {'and ' if kind == 'stopped' else 'the '}{describe_outcome(timeline, attempt)}"
    else:
        verb = {"running": "is ", "cut_off": "was "}.get(kind, "")
        words = describe_outcome(timeline, attempt)
        what = f"{name} {verb}{words}" if words == ATTEMPT_OUTCOMES[kind] else f"{name}: {words}"
    hinted = ", ".join(attempt.real_hints)
    return f"{what}, with a hint for {hinted}." if hinted else f"{what}."


def _summarize_attempts(timeline: Timeline) -> list[str]:
    rewards = [a.reward for a in timeline.attempts if a.reward is not None]
    failed = sum(a.state == "failed" for a in timeline.attempts)
    barred = sum(bool(a.unmet) for a in timeline.attempts)
    sentences = []
    if rewards and timeline.best is not None:
        sentences.append(
            f"Rewards go from {format_reward(timeline, min(rewards))} to {format_reward(timeline, max(rewards))}; "
            f"attempt {timeline.best + 1} is the best."
        )
    if barred:
        sentences.append(f"{pluralize(barred, 'attempt')} with a rule not met.")
    if failed:
        sentences.append(f"{pluralize(failed, 'attempt')} failed.")
    return sentences
