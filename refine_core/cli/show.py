"""`refinescope show RUN`: a recorded run in words: its verdict, settings and attempts; one attempt with its messages."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from refine_core.cli.attempt_lines import attempt_lines, output_lines
from refine_core.cli.output import BadInput, print_json
from refine_core.cli.run_json import attempt_detail_to_json, run_to_json
from refine_core.cli.terminal import Terminal, lines_of, one_line
from refine_core.formatting import format_duration, format_time

if TYPE_CHECKING:
    from refine_core.log.timeline import Attempt, Call
    from refine_core.runs import Run
    from refine_core.spec import ProgramSpec


@click.command("show", epilog="Example: refinescope show 907c --attempt 2")
@click.argument("run")
@click.option(
    "--attempt", type=click.IntRange(min=1), metavar="K", help="That attempt: messages, hint, reward."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, run: str, attempt: int | None, as_json: bool) -> None:
    """Show a recorded run: why it stopped, its settings and attempts.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. The id of an experiment
    (`refinescope batch --list`) shows its answer.
    """
    from refine_core import runs
    from refine_core.cli.experiment_ids import get_snapshot, names_experiment
    from refine_core.cli.run_ids import find_attempt, find_run_id

    if (experiment_id := names_experiment(run)) is not None:
        from refine_core.cli.batch_result import print_result

        if attempt is not None:
            raise BadInput(f"{experiment_id} is an experiment, which has no attempts; give one of its runs.")
        print_result(get_snapshot(experiment_id), as_json=as_json)
        return
    run_id = find_run_id(run, as_json=as_json)
    found = runs.get(run_id)
    if found is None:
        raise BadInput(f"Run {run_id} is no longer in the history.")
    chosen = None if attempt is None else find_attempt(found.timeline, attempt)
    if as_json:
        print_json(run_to_json(found) if chosen is None else attempt_detail_to_json(chosen))
        return
    terminal = Terminal(sys.stdout)
    terminal.write(
        *(_run_lines(found, terminal) if chosen is None else _attempt_detail(found, chosen, terminal))
    )


def _describe_experiment(run_id: str, experiment_id: str) -> str:
    from refine_core import experiments

    origin = experiments.find_origin(run_id, experiment_id)
    if origin is None:
        return "a run of an experiment that is not in this history"
    short = experiment_id.rpartition("-")[2]
    return f"{one_line(origin.describe())} (refinescope show {short})"


def _run_lines(run: Run, terminal: Terminal) -> Iterator[str]:
    from refine_core import runs
    from refine_core.messages import describe_settings, describe_unknown, format_reward, list_library_faults

    timeline = run.timeline
    spec, note = timeline.spec, runs.annotation(run.run_id)
    headline, *more = run.stop_sentences
    yield terminal.paint(one_line(note.name or runs.title(spec)), bold=True)
    imported = " · imported from a file" if run.imported else ""
    yield f"run {run.run_id} · {format_time(timeline.started_at)} · {one_line(spec.model.label)}{imported}"
    if spec.program_file and not run.imported:
        yield f"the Python program {one_line(spec.program_file)}"
    if timeline.recorded_from:
        yield one_line(
            " · ".join(filter(None, (f"recorded from {timeline.recorded_from}", describe_unknown(timeline))))
        )
        if timeline.unscored and not runs.why_not_computed(timeline):
            yield f"run the recorded reward to fill in what is unknown: refinescope run-reward {run.run_id.rpartition('-')[2]}"
    if spec.parent:
        yield _describe_parent(spec)
    if spec.experiment:
        yield _describe_experiment(run.run_id, spec.experiment)
    if note.tags or note.note:
        yield one_line(" · ".join(filter(None, (", ".join(note.tags), note.note))))
    yield ""
    yield terminal.paint(one_line(headline), bold=True)
    yield from (one_line(one) for one in more)
    yield run.usage_summary
    yield ""
    threshold = "none" if spec.threshold is None else format_reward(timeline, spec.threshold)
    threshold = "unknown" if "threshold" in timeline.unknown else threshold
    settings = [
        "N unknown" if "N" in timeline.unknown else f"N {spec.N}",
        f"threshold {threshold}",
        describe_settings(timeline),
    ]
    yield one_line(" · ".join(filter(None, settings)))
    for stage in spec.stages:
        yield one_line(f"{stage.name}: {stage.signature}")
    yield from _named(terminal, "Inputs", spec.inputs)
    yield ""
    yield terminal.paint("Attempts", bold=True)
    for one in timeline.attempts:
        yield from attempt_lines(terminal, timeline, one, ended=timeline.end is not None)
    yield from (one_line(words) for words in list_library_faults(timeline))
    if returned := next((one for one in timeline.attempts if one.is_returned), None):
        yield from _named(terminal, f"Returned: attempt {returned.index + 1}", returned.outputs or {})


def _describe_parent(spec: ProgramSpec) -> str:
    """What a run was made from: "a branch of run 2026… from attempt 3 on: hint for draft"."""
    changed = f": {one_line(spec.change)}" if spec.change else ""
    if spec.fork_attempt is None:
        return f"made from run {one_line(spec.parent or '')}{changed}"
    return f"a branch of run {one_line(spec.parent or '')} from attempt {spec.fork_attempt} on{changed}"


def _attempt_detail(run: Run, attempt: Attempt, terminal: Terminal) -> Iterator[str]:
    from refine_core.messages import hint_source

    yield from attempt_lines(terminal, run.timeline, attempt, ended=run.timeline.end is not None)
    if attempt.real_hints:
        yield from _named(terminal, f"Hints, {hint_source(run.timeline, attempt)}", attempt.real_hints)
    yield from _reward_lines(run, attempt, terminal)
    yield from _named(terminal, "Outputs", attempt.outputs or {})
    for one in attempt.predictors:
        for number, call in enumerate(one.calls, 1):
            again = f", asked again ({number})" if number > 1 else ""
            yield from _call_lines(terminal, f"{one_line(one.name)}{again}", call)
    for call in attempt.judge_calls:
        yield from _call_lines(terminal, "the reward's judge", call)
    advice = attempt.advice
    if advice is not None:
        if advice.hints:
            yield from _named(terminal, "Advice for the next attempt", advice.hints)
        for call in advice.calls:
            yield from _call_lines(terminal, "the adviser", call)


def _reward_lines(run: Run, attempt: Attempt, terminal: Terminal) -> Iterator[str]:
    from refine_core.messages import COMPUTED, describe_failure, format_reward

    scored = attempt.score
    if scored is None:
        if attempt.error is not None:
            yield from _named(terminal, "Failed", {"error": describe_failure(attempt)})
        return
    parts = {name: format_reward(run.timeline, value) for name, value in scored.parts.items()}
    computed = f", {COMPUTED}, not recorded" if attempt.computed_at is not None else ""
    yield from _title(terminal, f"Reward {format_reward(run.timeline, scored.value)}{computed}")
    width = max((len(one_line(name)) for name in parts), default=0)
    for name, value in parts.items():
        yield f"  {one_line(name):<{width}}  {value}"
    for what, text in (("feedback", scored.feedback), ("printed", scored.stdout)):
        if text.strip():
            first, *rest = lines_of(text.strip("\n"))
            yield f"  {what}: {first}"
            yield from (f"    {line}" for line in rest)
    for name, message in attempt.unmet.items():
        yield f"  rule not met: {one_line(name)}: {one_line(message)}"


def _call_lines(terminal: Terminal, who: str, call: Call) -> Iterator[str]:
    """The messages of a call and its reply."""
    took = f", {format_duration(call.took_s)}" if call.took_s is not None else ""
    yield from _title(terminal, f"Asked by {who}: {one_line(call.model)}{took}")
    for message in call.messages:
        yield terminal.paint(f"  {one_line(str(message.get('role', '')))}", bold=True)
        yield from (f"    {line}".rstrip() for line in lines_of(str(message.get("content", ""))))
    yield terminal.paint("  reply", bold=True)
    if call.reply is not None:
        yield from (f"    {line}".rstrip() for line in lines_of(call.reply.text))
    else:
        yield f"    {one_line(call.error.message) if call.error is not None else 'none yet'}"


def _named(terminal: Terminal, title: str, values: Mapping[str, object]) -> Iterator[str]:
    if values:
        yield from _title(terminal, title)
        yield from (f"  {line}".rstrip() for line in output_lines(values))


def _title(terminal: Terminal, title: str) -> Iterator[str]:
    yield ""
    yield terminal.paint(one_line(title), bold=True)
