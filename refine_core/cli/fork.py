"""`refinescope fork RUN --attempt K`: go on with a run from one of its attempts, with something changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from refine_core.cli.numbers import Number
from refine_core.cli.output import BadInput, Question, print_json, print_text
from refine_core.cli.shared_options import json_at_the_end, read_hint, trust_address

if TYPE_CHECKING:
    from refine_core.log.timeline import Timeline
    from refine_core.runs import ForkChanges, ForkPlan


@click.command(
    "fork", epilog="Example: refinescope fork 907c --attempt 3 --hint 'draft=Name the city first.' --dry-run"
)
@click.argument("run")
@click.option("--attempt", type=click.IntRange(min=1), help="The first new attempt, from 1.")
@click.option(
    "--hint",
    "hints",
    multiple=True,
    metavar="PREDICTOR=TEXT",
    help="Its hint for a predictor; no text for none. PREDICTOR= may be left out where there is only one.",
)
@click.option("--temperature", type=Number(min=0, max=2), help="Its temperature, and of no other attempt.")
@click.option(
    "--model", metavar="NAME", help="From there on: practice, a name of litellm's, or a connection."
)
@click.option("--adviser", metavar="NAME", help="The model that writes hints from there on.")
@click.option(
    "--reward",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A Python file with another reward. It scores the kept attempts, too.",
)
@click.option("--function", metavar="NAME", help="Which function of the reward's file.")
@click.option("--threshold", metavar="X", help="Stop at this reward; none to make every attempt.")
@click.option("--n", type=click.IntRange(min=1), help="Max attempts (N), the kept ones included.")
@click.option("--name", "--title", "name", help="What the branch is called.")
@click.option("--ask-judge", is_flag=True, help="Let the reward ask its judge about the kept attempts.")
@trust_address
@click.option("--dry-run", is_flag=True, help="Say what would be kept, and what it takes; start nothing.")
@json_at_the_end
def command(
    *,
    run: str,
    attempt: int | None,
    hints: tuple[str, ...],
    temperature: float | None,
    model: str | None,
    adviser: str | None,
    reward: Path | None,
    function: str | None,
    threshold: str | None,
    n: int | None,
    name: str | None,
    ask_judge: bool,
    trusted: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Go on with a run from one of its attempts, with something changed.

    The attempts before it are kept as they were recorded: nobody is asked about them again, and they cost nothing. RUN stays as
    it is; the branch is a run of its own.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. Keys come from the
    environment only.
    """
    from refine_core import runs
    from refine_core.cli.following import follow
    from refine_core.cli.run_ids import find_timeline
    from refine_core.cli.run_spec import (
        agree_to,
        choose_model,
        describe_problems,
        read_reward_file,
        read_threshold,
        require_key,
    )

    if function is not None and reward is None:
        raise click.UsageError("--function names a function of --reward FILE; give one")
    timeline = find_timeline(run, as_json=as_json)
    if attempt is None:
        raise _ask_where(timeline, as_json=as_json)
    spec = timeline.spec
    given: dict[str, object] = {
        "hints": dict(read_hint(timeline.predictors, text) for text in hints) or None,
        "temperature": temperature,
        "model": None if model is None else choose_model(model, spec.model),
        "adviser": None if adviser is None else choose_model(adviser, spec.adviser or spec.model),
        "n": n,
    }
    changes: ForkChanges = {}
    if reward is not None:
        found = read_reward_file(reward, function, as_json=as_json)
        changes = {"reward": found.source, "reward_name": found.name, "reward_shape": found.shape}
    changes.update({key: value for key, value in given.items() if value is not None})  # type: ignore[typeddict-item]  # keys of its own
    if threshold is not None:
        changes["threshold"] = read_threshold(threshold)
    plan = runs.plan_fork(timeline.run_id, attempt, ask_judge=ask_judge, **changes)
    if plan.problems:
        raise BadInput(describe_problems("This cannot be a branch", plan.problems))
    if dry_run:
        if as_json:
            print_json(_plan_to_json(plan))
        else:
            print_text("\n".join(_describe_plan(plan)))
        return 0
    agreed = runs.Credentials(agreed=agree_to(runs.list_foreign(timeline.run_id, plan.spec), trusted))
    print_text("\n".join(_describe_plan(plan)), err=True)
    for one in (plan.spec.model, plan.spec.adviser, plan.spec.judge):
        require_key(one)
    made = runs.fork(timeline.run_id, attempt, name=name, ask_judge=ask_judge, credentials=agreed, **changes)
    return follow(made, as_json=as_json)


def _ask_where(timeline: Timeline, *, as_json: bool) -> Question:
    """The question at which attempt the branch begins."""
    from refine_core.messages import describe_outcome, format_reward

    ended = [one for one in timeline.attempts if one.has_ended]
    rows = [
        {"attempt": one.index + 1, "reward": one.reward, "outcome": describe_outcome(timeline, one)}
        for one in ended
    ]
    lines = [
        f"  --attempt {one.index + 1}   {format_reward(timeline, one.reward) if one.reward is not None else '-':>6}  {describe_outcome(timeline, one)}"
        for one in ended
    ]
    return Question(
        "\n".join(["Say which attempt is the first new one; those before it are kept:", *lines]),
        ask={"attempt": rows},
        as_json=as_json,
    )


def _describe_plan(plan: ForkPlan) -> list[str]:
    """What is kept, why no more, and what the rest takes."""
    from refine_core.runs import describe_kept

    judge = (
        [
            f"--ask-judge lets the reward ask its judge about earlier attempts, so that more are kept: {plan.judge_price}."
        ]
        if plan.judge_calls
        else []
    )
    return [
        describe_kept(plan.kept, rescored=plan.rescored),
        *([plan.reason] if plan.reason else []),
        f"{plan.text}.",
        *judge,
    ]


def _plan_to_json(plan: ForkPlan) -> dict[str, object]:
    return {
        "parent": plan.run_id,
        "asked": plan.asked,
        "kept": plan.kept,
        "first_new": plan.first_new,
        "reason": plan.reason,
        "rewards": list(plan.rewards),
        "rescored": plan.rescored,
        "judge_calls": plan.judge_calls,
        "hints": dict(plan.hints),
        "temperature": plan.temperature,
        "attempts_at_most": plan.attempts_at_most,
        "advice_at_most": plan.advice_at_most,
        "calls_at_most": plan.calls_at_most,
        "cost_usd": plan.cost_usd,
        "seconds": plan.seconds,
    }
