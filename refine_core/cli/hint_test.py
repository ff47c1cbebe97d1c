"""`refinescope hint-test RUN --attempt K`: does the hint help? Its attempt is run again several times, with the hint and without."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import CHECK_FAILED, DONE, BadInput, Question, print_json, print_text
from refine_core.cli.shared_options import json_at_the_end, read_hint, trust_address

if TYPE_CHECKING:
    from refine_core.cli.terminal import Terminal
    from refine_core.hint_tests import ArmKind, HintTest, HintTestPlan
    from refine_core.log.timeline import Timeline

_CANCELLED: Final = 130
_TICK_S: Final = 0.3
_STOP_S: Final = 30.0


@click.command("hint-test", epilog="Example: refinescope hint-test 907c --attempt 3 --tries 20 --dry-run")
@click.argument("run")
@click.option("--attempt", type=click.IntRange(min=1), help="The attempt whose hint is tested, from 1.")
@click.option(
    "--hint",
    "hints",
    multiple=True,
    metavar="PREDICTOR=TEXT",
    help="A third arm: this hint in place of the recorded one. PREDICTOR= may be left out where there is only one.",
)
@click.option("--tries", type=int, default=10, show_default=True, help="Tries of each arm.")
@click.option("--at-once", type=int, default=4, show_default=True, help="Tries under way together, at most.")
@trust_address
@click.option("--dry-run", is_flag=True, help="Say what it would take; start nothing.")
@click.option("--markdown", is_flag=True, help="Print the result as Markdown, for a pull request.")
@json_at_the_end
def command(
    *,
    run: str,
    attempt: int | None,
    hints: tuple[str, ...],
    tries: int,
    at_once: int,
    trusted: tuple[str, ...],
    dry_run: bool,
    markdown: bool,
    as_json: bool,
) -> int:
    """Run an attempt again several times, with its hint and without it, and say by how much the reward differs.

    All else is equal: inputs, model, temperature, reward. Each try is an ordinary run of one attempt, with another seed, and is
    never answered from the cache. Ctrl-C keeps what has ended.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. Keys come from the
    environment only.
    """
    from refine_core import hint_tests, runs
    from refine_core.cli.run_ids import find_timeline
    from refine_core.cli.run_spec import agree_to, describe_problems
    from refine_core.cli.terminal import Terminal

    timeline = find_timeline(run, as_json=as_json)
    if attempt is None:
        raise _ask_which(timeline, as_json=as_json)
    other = dict(read_hint(timeline.predictors, text) for text in hints)
    arms: tuple[ArmKind, ...] = ("none", "this", "other") if other else ("none", "this")
    plan = hint_tests.plan_hint_test(
        timeline.run_id, attempt, arms=arms, other=other, tries=tries, at_once=at_once
    )
    if plan.problems:
        raise BadInput(describe_problems("This hint cannot be tested", plan.problems))
    if dry_run:
        if as_json:
            print_json(_plan_to_json(plan))
        else:
            print_text("\n".join(_describe_plan(plan, timeline)))
        return DONE
    agreed = runs.Credentials(agreed=agree_to(runs.list_foreign(timeline.run_id, timeline.spec), trusted))
    print_text("\n".join(_describe_plan(plan, timeline)), err=True)
    test = _follow(hint_tests.start(plan, agreed), Terminal(sys.stderr))
    if as_json:
        print_json(hint_tests.test_to_json(test))
    elif markdown:
        click.echo(hint_tests.write_markdown(test), nl=False)
    else:
        print_text("\n".join(_describe(test)))
    if test.left:
        return _CANCELLED if not test.error else CHECK_FAILED
    return DONE if any(one.difference is not None for one in test.comparisons) else CHECK_FAILED


def _ask_which(timeline: Timeline, *, as_json: bool) -> Question:
    """The question whose hint is tested: the attempts that were given one."""
    from refine_core.cli.terminal import one_line

    given = [one for one in timeline.attempts if one.real_hints]
    if not given:
        raise BadInput("No attempt of this run was given a hint, so there is nothing to test.")
    rows = [{"attempt": one.index + 1, "reward": one.reward, "hints": one.real_hints} for one in given]
    lines = [
        f"  --attempt {one.index + 1}   {name}: {one_line(text)}"
        for one in given
        for name, text in one.real_hints.items()
    ]
    return Question(
        "\n".join(["Say which attempt's hint to test:", *lines]), ask={"attempt": rows}, as_json=as_json
    )


def _follow(test_id: str, terminal: Terminal) -> HintTest:
    """Show how far the test is until it ends; Ctrl-C cancels it."""
    from refine_core import hint_tests

    try:
        while (test := _get(test_id)).is_live:
            terminal.show_status(hint_tests.write_verdict(test).headline)
            hint_tests.wait(test_id, _TICK_S)
    except KeyboardInterrupt:
        hint_tests.cancel(test_id)
        hint_tests.join(test_id, _STOP_S)
    terminal.clear_status()
    return _get(test_id)


def _get(test_id: str) -> HintTest:
    from refine_core import hint_tests

    test = hint_tests.get(test_id)
    if test is None:
        raise BadInput(f"The hint test {test_id} is gone from the history.")
    return test


def _describe_plan(plan: HintTestPlan, timeline: Timeline) -> list[str]:
    from refine_core.cli.terminal import one_line

    on = f"on {one_line(timeline.spec.model.label)}"
    return [f"{plan.estimate.sentence}, {on}.", *plan.notes, *map(one_line, plan.warnings)]


def _describe(test: HintTest) -> list[str]:
    """The result for people: the verdict, a line for each arm, where the tries are."""
    from refine_core import hint_tests
    from refine_core.formatting import format_score

    verdict = hint_tests.write_verdict(test)
    lines = [f"{verdict.answer} {verdict.headline}".strip(), *verdict.details, ""]
    width = max(len(one.arm.label) for one in test.arms)
    for one in test.arms:
        mean = "-" if one.mean is None else format_score(one.mean)
        failed = f", {one.failed} failed" if one.failed else ""
        lines.append(f"{one.arm.label:<{width}}  mean {mean} of {len(one.ended)} tries{failed}")
    return [*lines, "", f"Each try is a run of its own; in the app they are at /hint-test?test={test.id}"]


def _plan_to_json(plan: HintTestPlan) -> dict[str, object]:
    return {
        "run": plan.run_id,
        "attempt": plan.attempt,
        "arms": [{"kind": arm.kind, "hints": dict(arm.hints)} for arm in plan.arms],
        "tries": plan.tries,
        "calls": plan.calls,
        "judge_calls": plan.estimate.judge_calls,
        "cost_usd": plan.estimate.cost_usd,
        "seconds": plan.estimate.seconds,
        "detectable": plan.detectable,
        "notes": list(plan.notes),
        "warnings": list(plan.warnings),
    }
