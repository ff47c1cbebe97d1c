"""`refinescope what-if RUN`: what a recorded run would have done with another reward, threshold or N. The run never changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from refine_core.cli.output import Question, print_json, print_text
from refine_core.cli.reward_options import (
    naming,
    printable,
    read_arguments,
    read_functions,
    read_source,
    recognize_file,
    reward_options,
)
from refine_core.cli.run_ids import find_run_id
from refine_core.rewards.shapes import Recognized, Shape

if TYPE_CHECKING:
    from refine_core.runs import RunWhatIf
    from refine_core.what_if import WhatIf, WhatIfAttempt


@click.command("what-if", epilog="Example: refinescope what-if 907c --threshold 0.8")
@click.argument("run")
@click.option(
    "--reward",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A Python file with another reward.",
)
@reward_options
@click.option("--threshold", metavar="X", help="Another threshold: a number, or none to never stop early.")
@click.option("--n", type=click.IntRange(min=1), help="Another maximum number of attempts (N).")
@click.option("--fail-count", type=click.IntRange(min=0), help="Another number of failures allowed.")
@click.option("--ask-judge", is_flag=True, help="Let the reward ask its judge, which may cost money.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one line of JSON.")
def command(
    *,
    run: str,
    reward: Path | None,
    functions: tuple[str, ...],
    shape: Shape | None,
    arguments: tuple[str, ...],
    threshold: str | None,
    n: int | None,
    fail_count: int | None,
    ask_judge: bool,
    as_json: bool,
) -> None:
    """Say what the recorded run RUN would have done with a change. No model is asked.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. The id of an experiment
    (`refinescope batch --list`) scores all its outputs again, with another reward or threshold.
    """
    from refine_core import runs
    from refine_core.cli.experiment_ids import names_experiment
    from refine_core.what_if import AS_RECORDED

    source = name = recognized = None
    if reward is None and (functions or shape or arguments):
        raise click.UsageError("--function, --shape and --arg say how to read a --reward; give one")
    if (experiment_id := names_experiment(run)) is not None:
        if n is not None or fail_count is not None or ask_judge:
            raise click.UsageError("Of an experiment, only the reward and the threshold can be changed")
        _suppose(
            experiment_id,
            reward=reward,
            functions=functions,
            shape=shape,
            arguments=arguments,
            threshold=threshold,
            as_json=as_json,
        )
        return
    run_id = find_run_id(run, as_json=as_json)
    with nullcontext() if reward is None else naming(reward):
        if reward is not None:
            source = read_source(reward)
            name, recognized = _recognize(source, run_id, functions, shape, arguments, as_json=as_json)
        answer = runs.what_if(
            run_id,
            reward=source,
            reward_name=name,
            recognized=recognized,
            threshold=AS_RECORDED if threshold is None else _threshold(threshold),
            n=n,
            fail_count=AS_RECORDED if fail_count is None else fail_count,
            ask_judge=ask_judge,
            on_progress=_report,
        )
    estimate = answer.scores.estimate
    if estimate is not None:
        raise Question(
            f"The reward asks its judge, a model. {estimate.text}. Add --ask-judge to allow it.",
            ask={"judge": {"calls": estimate.calls, "cost_usd": estimate.cost_usd}},
            as_json=as_json,
        )
    for note in _describe_state(run_id):
        print_text(note, err=True)
    if as_json:
        print_json(answer.result.to_json())
    else:
        _print_table(answer, answer.result)


def _suppose(
    experiment_id: str,
    *,
    reward: Path | None,
    functions: tuple[str, ...],
    shape: Shape | None,
    arguments: tuple[str, ...],
    threshold: str | None,
    as_json: bool,
) -> None:
    """The same of a whole experiment."""
    from refine_core.cli.what_if_experiment import get_ended, print_supposed
    from refine_core.what_if import Changes

    snapshot = get_ended(experiment_id)
    changes = Changes()
    if threshold is not None:
        changes["threshold"] = _threshold(threshold)
    with nullcontext() if reward is None else naming(reward):
        if reward is not None:
            changes["reward"] = read_source(reward)
            names = read_functions(functions)
            if len(names) > 1 or any(weight is not None for weight in names.values()):
                raise click.UsageError("An experiment has one reward: name one --function, without a weight")
            changes["reward_name"] = next(iter(names), None)
            changes["reward_shape"] = shape
            changes["reward_arguments"] = read_arguments(arguments) or None
        print_supposed(snapshot, changes, as_json=as_json)


def _recognize(
    source: str,
    run: str,
    functions: tuple[str, ...],
    shape: Shape | None,
    arguments: tuple[str, ...],
    *,
    as_json: bool,
) -> tuple[str | None, Recognized | None]:
    """The name of a reward that is called as recorded ones are; else how its functions are called. Raises Question."""
    from refine_core import runs
    from refine_core.rows import rows_of_run

    timeline = runs.timeline(run)
    rows = () if timeline is None else rows_of_run(timeline)
    columns = dict.fromkeys(name for row in rows for name in (*row.inputs, *row.expected, *row.prediction))
    found = recognize_file(
        source,
        read_functions(functions),
        shape,
        read_arguments(arguments),
        columns or None,
        as_json=as_json,
    )
    if found.shape == "refine" and len(found.functions) == 1:
        return found.functions[0].name, None
    return None, found


def _describe_state(run_id: str) -> Iterator[str]:
    """What to know of a run that is not simply finished."""
    from refine_core import runs
    from refine_core.formatting import pluralize

    run = runs.get(run_id)
    if run is not None and run.state != "finished":
        count = pluralize(sum(attempt.has_ended for attempt in run.timeline.attempts), "attempt")
        if run.live:
            yield f"The run goes on; this is about its {count} so far."
        else:
            yield f"The run was interrupted after {count}; it can be resumed."
    if runs.annotation(run_id).deleted_at is not None:
        yield "The run was deleted; it is kept for 30 days, and can be brought back on the page Runs."


def _threshold(text: str) -> float | None:
    if text.strip().lower() == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number nor none", param_hint="--threshold") from None


def _report(done: int, count: int) -> None:
    """Progress on standard error, where somebody watches and it takes long."""
    if count >= _LONG and sys.stderr.isatty():
        click.echo(f"\rscored {done:,} of {count:,}", err=True, nl=done == count)


_LONG = 50


def _describe_outcome(one: WhatIfAttempt, result: WhatIf) -> str:
    if one.attempt == result.returned:
        return "would be returned"
    return "" if one.error is None else printable(f"fails: {one.error.message}")


def _print_table(answer: RunWhatIf, result: WhatIf) -> None:
    from refine_core.formatting import format_score, pluralize

    print_text(result.headline)
    print_text(result.case)
    rewards = [one.old for one in result.attempts] + [one.new for one in result.attempts]
    rows = [("attempt", "recorded", "now", "")]
    rows += [
        (
            str(one.attempt),
            "-" if one.old is None else format_score(one.old, rewards),
            "-" if one.new is None else format_score(one.new, rewards),
            "; ".join(filter(None, (one.why, _describe_outcome(one, result)))),
        )
        for one in result.attempts
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    click.echo("")
    for row in rows:
        numbers = "  ".join(text.rjust(width) for text, width in zip(row[:3], widths, strict=True))
        print_text(f"{numbers}  {row[3]}".rstrip())
    if answer.scores.judge_calls:
        click.echo(f"\n{pluralize(answer.scores.judge_calls, 'judge call')} made.")
