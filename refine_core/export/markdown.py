"""A run as Markdown for a pull request: the verdict first, then the attempts as a table, then all else, folded.

What a model wrote stands in code, so it is never markup, a link or a mention (refine_core.markdown).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from refine_core.errors import Problem, RewardError, SignatureError, SpecError
from refine_core.export.run_log import RunLog
from refine_core.formatting import format_cost, format_duration, format_temperature, format_time, pluralize
from refine_core.jsonable import to_jsonable
from refine_core.log.folds import cut_short, timeline
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Attempt, Timeline, Usage
from refine_core.markdown import block, code, details, prose, table
from refine_core.messages import describe_failure, describe_outcome, format_reward, usage_summary
from refine_core.spec.source import program_source
from refine_core.stop_summary import stop_sentences

_MAX_CHARS: Final = 60_000  # GitHub refuses a comment of more than 65,536
_SHORT: Final = 100
_ROWS: Final = 100


def write_markdown(run: RunLog) -> str:
    """The run. Raises SpecError for records without a beginning."""
    running = timeline(run.records)
    if running is None:
        raise SpecError([Problem("run", "the run has no beginning")])
    shown = cut_short(running)
    first, *more = stop_sentences(shown, alive=False, because="")
    verdict = " ".join([f"**{prose(first)}**", *map(prose, more)])
    head = [
        f"### {prose(run.annotation.name or title_of(shown.spec))}",
        verdict,
        f"{code(shown.spec.model.label)} · {format_time(shown.started_at)} · {usage_summary(shown)}",
        *_left_out(shown),
        *_table(shown),
        *_chosen(shown),
    ]
    end = [*_program(shown), f"<sub>Run {code(run.run_id)}, exported from Refinescope.</sub>"]
    room = _MAX_CHARS - sum(map(len, (*head, *end)))
    return "\n\n".join([*head, *_attempts(shown, room), *end]) + "\n"


def _left_out(run: Timeline) -> Iterator[str]:
    if run.left_out:
        yield f"Left out before this was shared: {', '.join(map(code, run.left_out))}."


def _table(run: Timeline) -> Iterator[str]:
    if not run.attempts:
        return
    parts = list(dict.fromkeys(name for a in run.attempts if a.score for name in a.score.parts))
    header = ["Attempt", "Reward", *map(code, parts), "Temperature", "Calls", "Cost", "Took", "Outcome"]
    rows = [_row(run, attempt, parts) for attempt in run.attempts[:_ROWS]]
    yield table(header, rows, numbers=range(len(header) - 1))
    if len(run.attempts) > _ROWS:
        yield f"The first {_ROWS} of {pluralize(len(run.attempts), 'attempt')}."


def _row(run: Timeline, attempt: Attempt, parts: list[str]) -> list[str]:
    usage = Usage.of(attempt.all_calls)
    scores = attempt.score.parts if attempt.score is not None else {}
    outcome = describe_outcome(run, attempt) + (", kept from its parent" if attempt.kept else "")
    return [
        str(attempt.index + 1),
        "" if attempt.reward is None else format_reward(run, attempt.reward),
        *(format_reward(run, scores[name]) if name in scores else "" for name in parts),
        format_temperature(attempt.temperature) if run.has_temperature(attempt) else "none",
        str(usage.calls),
        "" if attempt.kept else format_cost(usage.cost_usd),
        "" if attempt.took_s is None or attempt.kept else format_duration(attempt.took_s),
        f"{outcome}, returned" if attempt.is_returned else outcome,
    ]


def _chosen(run: Timeline) -> Iterator[str]:
    """The output that the run was for."""
    chosen = next((a for a in run.attempts if a.is_returned), None)
    chosen = chosen or next((a for a in run.attempts if a.is_best), None)
    if chosen is not None and chosen.outputs:
        yield f"**{'Returned' if chosen.is_returned else 'Best'}: attempt {chosen.index + 1}**"
        yield from _values(chosen.outputs)


def _attempts(run: Timeline, room: int) -> list[str]:
    """The attempts, folded, as far as there is room for so many characters."""
    shown: list[str] = []
    for attempt in run.attempts:
        reward = attempt.state if attempt.reward is None else f"reward {format_reward(run, attempt.reward)}"
        text = details(f"Attempt {attempt.index + 1}: {reward}", "\n\n".join(_attempt(attempt)))
        room -= len(text)
        if room < 0:
            left = len(run.attempts) - len(shown)
            return [*shown, f"{pluralize(left, 'more attempt')} would make this too long for GitHub."]
        shown.append(text)
    return shown


def _attempt(attempt: Attempt) -> Iterator[str]:
    for name, hint in attempt.real_hints.items():
        yield from _labelled(f"Hint for {code(name)}", hint)
    yield from _values(attempt.outputs or {})
    if failure := describe_failure(attempt):
        yield from _labelled("Error", failure)
    for name, message in attempt.unmet.items():
        yield from _labelled(f"Rule not met, {code(name)}", message)
    if attempt.score is not None and attempt.score.feedback:
        yield from _labelled("Feedback of the reward", attempt.score.feedback)
    if attempt.advice is not None and attempt.advice.discussion:
        yield from _labelled("What the adviser made of it", attempt.advice.discussion)


def _program(run: Timeline) -> Iterator[str]:
    yield details("Inputs", "\n\n".join(_values(run.spec.inputs)) or "None.")
    try:
        source = program_source(run.spec)
    except (SignatureError, RewardError):  # of a log that was written by other means
        source = "\n".join(stage.signature for stage in run.spec.stages)
    yield details("Program", block(source, "python"))
    yield details("Reward", block(run.spec.reward, "python"))


def _values(values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        plain = to_jsonable(value)
        text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
        yield from _labelled(code(name), text)


def _labelled(label: str, text: str) -> Iterator[str]:
    """A short text beside its label, a long one below it."""
    if len(text) <= _SHORT and "\n" not in text:
        yield f"{label}: {code(text) or 'empty'}"
    else:
        yield f"{label}:"
        yield block(text)
