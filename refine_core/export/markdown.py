"""A run as Markdown for a pull request: the verdict first, then the attempts as a table, then all else, folded.

What a model wrote stands in code, so it is never markup, a link or a mention (refine_core.markdown).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from refine_core.errors import Problem, RewardError, SignatureError, SpecError
from refine_core.export.report.rows import AttemptRow, list_rows, output_title
from refine_core.export.run_log import RunLog
from refine_core.figures.text import shorten
from refine_core.formatting import format_cost, format_duration, format_temperature, format_time, pluralize
from refine_core.jsonable import to_jsonable
from refine_core.log.folds import cut_short, timeline
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Attempt, Timeline, Usage
from refine_core.markdown import block, code, details, prose, table
from refine_core.messages import (
    describe_failure,
    describe_outcome,
    describe_unknown,
    format_reward,
    usage_summary,
)
from refine_core.spec.source import program_source
from refine_core.stop_summary import stop_sentences

_MAX_CHARS: Final = 60_000  # GitHub refuses a comment of more than 65,536
_SHORT: Final = 100
_ROWS: Final = 100
_TABLE_CHARS: Final = 25_000
_COLUMNS: Final = 8
_NAMED: Final = 6
_LINE, _CELL = 300, 120  # characters of a value at the top, and in a cell; the whole of it stands below


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
        *_origin(shown),
        *_left_out(shown),
        "\n".join(f"- {line}" for line in (*_asked(shown), *_result(shown))),
        *_table(shown),
        *_parts(shown),
        *_whole_result(shown),
    ]
    end = [*_program(shown), f"<sub>Run {code(run.run_id)}, exported from Refinescope.</sub>"]
    room = _MAX_CHARS - sum(map(len, (*head, *end)))
    return "\n\n".join([*head, *_attempts(shown, room), *end]) + "\n"


def _origin(run: Timeline) -> Iterator[str]:
    """Of a run of another library, which one, and what nobody knows of it."""
    if run.recorded_from:
        told = " · ".join(filter(None, (f"Recorded from {run.recorded_from}", describe_unknown(run))))
        yield f"{prose(told)}."


def _left_out(run: Timeline) -> Iterator[str]:
    if run.left_out:
        yield f"Left out before this was shared: {', '.join(map(code, run.left_out))}."


def _asked(run: Timeline) -> Iterator[str]:
    """What the program was to do, what it was given, and how it was judged: each on one line."""
    stages = run.spec.stages
    for stage in [one for one in stages if one.instructions.strip()][:_NAMED]:
        name = f"Task of {code(stage.name)}" if len(stages) > 1 else "Task"
        yield f"{name}: {code(shorten(stage.instructions, _LINE))}"
    for name, value in list(run.spec.inputs.items())[:_NAMED]:
        yield f"Input {code(name)}: {code(shorten(value, _LINE)) or 'empty'}"
    if len(run.spec.inputs) > _NAMED:
        yield f"{pluralize(len(run.spec.inputs) - _NAMED, 'more input')} below"
    if run.spec.threshold is not None and run.spec.attempt_count > 1:
        threshold = format_reward(run, run.spec.threshold)
        yield f"The reward function below scores each attempt; the first with {threshold} or more ends the run."


def _table(run: Timeline) -> Iterator[str]:
    if not run.attempts:
        return
    hints = any(attempt.real_hints for attempt in run.attempts)
    header = ["Attempt", "Reward", "Outcome", code(output_title(run)), *["Hint that it got"] * hints]
    rows: list[list[str]] = []
    room = _TABLE_CHARS
    for row in islice(list_rows(run), _ROWS):
        cells = _row(run, row, hints=hints)
        room -= sum(map(len, cells))
        if rows and room < 0:
            break
        rows.append(cells)
    yield table(header, rows, numbers=range(2))
    if len(run.attempts) > len(rows):
        yield f"The first {len(rows)} of {pluralize(len(run.attempts), 'attempt')}."


def _row(run: Timeline, row: AttemptRow, *, hints: bool) -> list[str]:
    attempt = row.attempt
    outcome = describe_outcome(run, attempt) + (", kept from its parent" if attempt.kept else "")
    several = len(run.predictors) > 1
    given = [
        f"{code(name)}: {code(shorten(hint, _CELL))}" if several else code(shorten(hint, _CELL))
        for name, hint in attempt.real_hints.items()
    ]
    return [
        str(attempt.index + 1),
        "" if attempt.reward is None else format_reward(run, attempt.reward),
        f"{outcome}, returned" if attempt.is_returned else outcome,
        "<br>".join(code(shorten(text, _CELL)) for text in (row.message or row.text, row.more) if text),
        *["<br>".join(given)] * hints,
    ]


def _parts(run: Timeline) -> Iterator[str]:
    """The parts of the reward, a column an attempt, where there is room for a column each."""
    scored = [(attempt.index, attempt.score.parts) for attempt in run.attempts if attempt.score is not None]
    names = list(dict.fromkeys(name for _, parts in scored for name in parts))[:_ROWS]
    if not names or len(scored) > _COLUMNS:
        return
    header = ["Part of the reward", *(f"Attempt {index + 1}" for index, _ in scored)]
    rows = [
        [code(name), *(format_reward(run, parts[name]) if name in parts else "" for _, parts in scored)]
        for name in names
    ]
    yield table(header, rows, numbers=range(1, len(header)))


def _chosen(run: Timeline) -> tuple[str, Mapping[str, object]]:
    """What the run was for, in words, and its outputs."""
    chosen = next((a for a in run.attempts if a.is_returned), None)
    chosen = chosen or next((a for a in run.attempts if a.is_best), None)
    if chosen is None or not chosen.outputs:
        return "", {}
    return f"{'Returned' if chosen.is_returned else 'Best'}: attempt {chosen.index + 1}", chosen.outputs


def _result(run: Timeline) -> Iterator[str]:
    """The outputs that the run was for, on one line."""
    title, outputs = _chosen(run)
    if title:
        fields = (
            f"{code(name)}: {code(shorten(value, _LINE)) or 'empty'}"
            for name, value in islice(outputs.items(), _NAMED)
        )
        yield f"**{title}** · {' · '.join(fields)}"


def _whole_result(run: Timeline) -> Iterator[str]:
    """The same in full, where a line has no room for it."""
    title, outputs = _chosen(run)
    if len(outputs) > _NAMED or any(len(_to_text(value)) > _LINE for value in outputs.values()):
        yield details(f"{title}, in full", "\n\n".join(_values(outputs)))


def _attempts(run: Timeline, room: int) -> list[str]:
    """The attempts, folded, as far as there is room for so many characters."""
    shown: list[str] = []
    for attempt in run.attempts:
        reward = attempt.state if attempt.reward is None else f"reward {format_reward(run, attempt.reward)}"
        text = details(f"Attempt {attempt.index + 1}: {reward}", "\n\n".join(_attempt(run, attempt)))
        room -= len(text)
        if room < 0:
            left = len(run.attempts) - len(shown)
            return [*shown, f"{pluralize(left, 'more attempt')} would make this too long for GitHub."]
        shown.append(text)
    return shown


def _attempt(run: Timeline, attempt: Attempt) -> Iterator[str]:
    usage = Usage.of(attempt.all_calls)
    facts = (
        f"Temperature {format_temperature(attempt.temperature)}" if run.has_temperature(attempt) else "",
        pluralize(usage.calls, "call"),
        "" if attempt.kept or usage.cost_usd is None else format_cost(usage.cost_usd),
        "" if attempt.took_s is None or attempt.kept else format_duration(attempt.took_s),
    )
    yield " · ".join(filter(None, facts))
    for name, hint in attempt.real_hints.items():
        yield from _labelled(f"Hint for {code(name)}", hint)
    yield from _values(attempt.outputs or {})
    if failure := describe_failure(attempt):
        yield from _labelled("Error", failure)
    for name, message in attempt.unmet.items():
        yield from _labelled(f"Rule not met, {code(name)}", message)
    if attempt.score is not None and attempt.score.parts:
        parts = (f"{code(name)} {format_reward(run, value)}" for name, value in attempt.score.parts.items())
        yield f"Parts of the reward: {' · '.join(parts)}"
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
        yield from _labelled(code(name), _to_text(value))


def _to_text(value: object) -> str:
    plain = to_jsonable(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _labelled(label: str, text: str) -> Iterator[str]:
    """A short text beside its label, a long one below it."""
    if len(text) <= _SHORT and "\n" not in text:
        yield f"{label}: {code(text) or 'empty'}"
    else:
        yield f"{label}:"
        yield block(text)
