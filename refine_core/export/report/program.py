"""What was run: stages, models, settings, the reward and the rules, as they were recorded."""

from __future__ import annotations

from collections.abc import Iterator

from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.python_code import write_python
from refine_core.export.report.values import list_fields, show_text
from refine_core.formatting import format_amount
from refine_core.log.timeline import Timeline
from refine_core.messages import describe_settings, format_reward
from refine_core.spec import ProgramSpec, StageSpec

_STRATEGIES = {"refine": "Refine", "best_of_n": "Best of N", "single": "Single attempt"}


def write_program(run: Timeline) -> Iterator[Markup]:
    """The section on the program, the reward and the settings."""
    spec = run.spec
    yield element("h2", "Program", id="program")
    if spec.program_file:
        yield element(
            "p",
            "The program of ",
            element("b", spec.program_file),
            ", which is not in this file; its predictors:",
        )
    for stage in spec.stages:
        yield _write_stage(stage)
    yield list_fields([(join((name,)), join((value,))) for name, value in _settings(run)])
    yield element("h2", "Reward", id="reward")
    failed = {
        a.error.line for a in run.attempts if a.error is not None and a.phase == "reward" and a.error.line
    }
    if failed:
        yield element("p", f"It failed at the marked {'line' if len(failed) == 1 else 'lines'}.", cls="bad")
    yield write_python(spec.reward.rstrip("\n"), failed)
    if spec.validators:
        yield element("h2", "Rules")
        yield element("p", "An attempt must meet every rule to end the run early.", cls="m")
        for rule in spec.validators:
            yield element("p", element("b", f"{rule.name}: "), rule.message)
            yield element("pre", rule.check)


def _write_stage(stage: StageSpec) -> Markup:
    how = "chain of thought" if stage.strategy == "chain_of_thought" else ""
    demos = (
        f"{len(stage.demos)} example{'s' if len(stage.demos) != 1 else ''} in the prompt"
        if stage.demos
        else ""
    )
    notes = ", ".join(filter(None, (how, demos)))
    return join(
        (
            element(
                "p",
                element("b", stage.name),
                ": ",
                element("code", stage.signature),
                element("span", f" {notes}", cls="m s") if notes else NOTHING,
            ),
            element("p", show_text(stage.instructions), cls="t") if stage.instructions else NOTHING,
        )
    )


def _settings(run: Timeline) -> Iterator[tuple[str, str]]:
    spec = run.spec
    yield "strategy", _STRATEGIES[spec.strategy]
    yield "max attempts (N)", "unknown" if "N" in run.unknown else f"{spec.attempt_count:,}"
    yield "threshold", "unknown" if "threshold" in run.unknown else format_reward(run, spec.threshold)
    if spec.fail_count is not None:
        yield "failures allowed", f"{spec.fail_count:,}"
    if settings := describe_settings(run):
        yield "attempts", settings
    yield "model", spec.model.label
    yield from _other_models(spec)
    if spec.budget_usd is not None:
        yield "budget", format_amount(spec.budget_usd)
    if spec.budget_tokens is not None:
        yield "token budget", f"{spec.budget_tokens:,}"


def _other_models(spec: ProgramSpec) -> Iterator[tuple[str, str]]:
    if spec.adviser is not None:
        yield "adviser", spec.adviser.label
    if spec.judge is not None:
        yield "judge", spec.judge.label
