"""How an experiment was done: the table, the arms' programs, seeds, limits, versions; and every input with its rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from refine_core import __version__
from refine_core.experiments import Arm, Cell, Outcome, Snapshot
from refine_core.experiments.marks import mark_arm
from refine_core.export.experiment.axes import draw_arm_mark
from refine_core.export.experiment.summary import describe_row
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.python_code import write_python
from refine_core.export.report.values import list_fields, show_text
from refine_core.formatting import format_amount, format_score, format_temperature, format_time, pluralize
from refine_core.spec import ProgramSpec

MAX_INPUTS: Final = 1_000
_NOTHING: Final = "\N{EN DASH}"
_STRATEGIES: Final = {"refine": "Refine", "best_of_n": "Best of N", "single": "Single attempt"}


def write_method(snapshot: Snapshot) -> Iterator[Markup]:
    """How it was done, as a section: the dataset, repeats and limits, what differs between the arms, and their programs."""
    yield element("h2", "How it was done", id="method")
    yield list_fields([(join((name,)), join((value,))) for name, value in _facts(snapshot)])
    yield _settings(snapshot.experiment.arms)
    yield from _programs(snapshot.experiment.arms)


def _facts(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    experiment, dataset = snapshot.experiment, snapshot.dataset
    used = experiment.count_rows(len(dataset.rows))
    whole = "" if used == len(dataset.rows) else f", the first {used:,}"
    yield (
        "dataset",
        f"{dataset.name}, version {dataset.version}: {pluralize(len(dataset.rows), 'row')}{whole}",
    )
    for role, what in (("input", "inputs"), ("reward only", "for the reward only")):
        if names := dataset.fields(role):  # type: ignore[arg-type]  # two of the roles
            yield what, ", ".join(names)
    seeds = (
        f"{experiment.seed}"
        if experiment.repeats == 1
        else f"{experiment.seed} to {experiment.seed + experiment.repeats - 1}"
    )
    yield "repeats", f"{experiment.repeats:,} of each input in each arm; seed {seeds}, nothing from the cache"
    budget = experiment.budget
    limits = [
        *([f"{budget.calls:,} calls"] if budget.calls is not None else []),
        *([f"{budget.tokens:,} tokens"] if budget.tokens is not None else []),
        *([format_amount(budget.usd)] if budget.usd is not None else []),
    ]
    yield "budget", ", ".join(limits) or "none"
    for label, limit in experiment.rate_limits.items():
        words = [f"{limit.at_once:,} at once"]
        if limit.requests_per_minute is not None:
            words.append(f"{limit.requests_per_minute:,} requests a minute")
        if limit.tokens_per_minute is not None:
            words.append(f"{limit.tokens_per_minute:,} tokens a minute")
        yield f"limits of {label}", ", ".join(words)
    yield "experiment", f"{experiment.id}, set up {format_time(experiment.created_at)}"
    yield "written by", f"Refinescope {__version__}"


def _settings(arms: Sequence[Arm]) -> Markup:
    """The settings of the arms side by side."""
    columns = [dict(_settings_of(arm.spec)) for arm in arms]
    names = dict.fromkeys(name for column in columns for name in column)
    heads = [
        element("th", "setting", scope="col"),
        *(
            element("th", draw_arm_mark(mark_arm(place)), arm.name, scope="col")
            for place, arm in enumerate(arms)
        ),
    ]
    rows = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(element("td", column.get(name, _NOTHING)) for column in columns),
        )
        for name in names
    ]
    table = element(
        "table",
        element("caption", "Settings of the arms", cls="sr"),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
    )
    return element("div", table, cls="w", role="region", aria_label="Settings of the arms", tabindex="0")


def _settings_of(spec: ProgramSpec) -> Iterator[tuple[str, str]]:
    yield "strategy", _STRATEGIES[spec.strategy]
    yield "max attempts", f"{spec.attempt_count:,}"
    yield "threshold", _NOTHING if spec.threshold is None else format_score(spec.threshold)
    yield (
        "hints",
        {"adviser": "a model's advice", "feedback": "the reward's feedback", "none": "none"}[
            spec.hint_source
        ],
    )
    yield "model", spec.model.label
    heat = spec.model.temperature
    yield (
        "temperature",
        "none sent"
        if heat is None
        else f"{format_temperature(heat)}, {spec.temperature_schedule.kind} schedule",
    )
    for role, model in (("adviser", spec.adviser), ("judge", spec.judge)):
        if model is not None:
            yield role, model.label
    if spec.fail_count is not None:
        yield "failures allowed", f"{spec.fail_count:,}"


def _programs(arms: Sequence[Arm]) -> Iterator[Markup]:
    """Each program and each reward once, with the arms that have it."""
    programs: dict[object, list[Arm]] = {}
    rewards: dict[str, list[Arm]] = {}
    for arm in arms:
        programs.setdefault(repr((arm.spec.stages, arm.spec.program_file)), []).append(arm)
        rewards.setdefault(arm.spec.reward, []).append(arm)
    for users in programs.values():
        yield element("h3", _title("Program", users, len(programs)))
        spec = users[0].spec
        if spec.program_file:
            yield element(
                "p",
                "The program of ",
                element("b", spec.program_file),
                ", which is not in this file; its predictors:",
            )
        for stage in spec.stages:
            yield element("p", element("b", stage.name), ": ", element("code", stage.signature))
            if stage.instructions:
                yield element("p", show_text(stage.instructions), cls="t")
    for source, users in rewards.items():
        yield element("h3", _title("Reward", users, len(rewards)))
        yield write_python(source.rstrip("\n"), set())


def _title(what: str, users: Sequence[Arm], count: int) -> str:
    return what if count == 1 else f"{what} of {', '.join(arm.name for arm in users)}"


def write_inputs(snapshot: Snapshot) -> Markup:
    """Every input with its mean reward in each arm, folded."""
    arms = snapshot.experiment.arms
    rows = snapshot.dataset.rows[: snapshot.experiment.rows]
    found = _rewards(snapshot.outcomes)
    heads = [
        element("th", "#", cls="num", scope="col"),
        element("th", "input", scope="col"),
        *(
            element("th", draw_arm_mark(mark_arm(place)), arm.name, cls="num", scope="col")
            for place, arm in enumerate(arms)
        ),
    ]
    lines = [
        element(
            "tr",
            element("td", f"{row.number:,}", cls="num"),
            element("td", describe_row(row), cls="wide"),
            *(element("td", _cell(found.get((arm.key, row.number))), cls="num") for arm in arms),
        )
        for row in rows[:MAX_INPUTS]
    ]
    table = element(
        "table",
        element("caption", "Every input", cls="sr"),
        element("thead", element("tr", *heads)),
        element("tbody", *lines),
    )
    more = len(rows) - MAX_INPUTS
    rest = (
        element(
            "p",
            f"The first {MAX_INPUTS:,}; the table of runs (CSV or Parquet) has the other {more:,}.",
            cls="m s",
        )
        if more > 0
        else NOTHING
    )
    return element(
        "details",
        element("summary", f"Every input, with its reward in each arm: {pluralize(len(rows), 'input')}"),
        element("div", table, cls="w", role="region", aria_label="Every input", tabindex="0"),
        rest,
    )


def _rewards(outcomes: Mapping[Cell, Outcome]) -> dict[tuple[str, int], list[float | None]]:
    """Arm and row -> the rewards of its repeats; None for a failed run."""
    found: dict[tuple[str, int], list[float | None]] = {}
    for cell, outcome in outcomes.items():
        found.setdefault((cell.arm, cell.row), []).append(outcome.reward)
    return found


def _cell(rewards: Sequence[float | None] | None) -> str:
    if not rewards:
        return _NOTHING
    scored = [one for one in rewards if one is not None]
    if not scored:
        return "failed"
    failed = len(rewards) - len(scored)
    return f"{format_score(sum(scored) / len(scored))}{f' ({failed} failed)' if failed else ''}"
