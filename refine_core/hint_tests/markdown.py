"""A hint test as Markdown, for a pull request: the verdict, the arms, what differs, the hints, and how the numbers came about."""

from __future__ import annotations

import re
from collections.abc import Iterable

from refine_core.formatting import MINUS, format_cost, format_duration, format_score, format_temperature
from refine_core.hint_tests.result import ArmResult, Comparison, HintTest
from refine_core.hint_tests.sentences import write_verdict
from refine_core.log.summaries import title_of
from refine_core.unseen import show_unseen

_MARKUP = re.compile(r"([\\`*_\[\]{}<>|~#])")
NOTHING = "\N{EN DASH}"
METHOD = (
    "Each try is a run of one attempt with the same inputs, model, temperature and reward, another seed or rollout, and nothing "
    "from the cache. Intervals are 95 %: Welch's, after Agresti and Caffo (2000), with one value more at either end in each arm."
)


def write_markdown(test: HintTest) -> str:
    """All of it as Markdown; text of models and people is escaped."""
    verdict = write_verdict(test)
    timeline = test.timeline
    title = "" if timeline is None else f" · {_escape(title_of(timeline.spec))}"
    lines = [
        f"### Does the hint help?{title}, attempt {test.document.attempt}",
        "",
        f"**{verdict.answer} {verdict.headline}**".replace("** ", "**"),
        *(f"{detail}" for detail in verdict.details),
        "",
        "| arm | tries | failed | mean reward | 95 % interval |",
        "|---|---:|---:|---:|---:|",
        *(_arm_row(one) for one in test.arms),
    ]
    if test.comparisons and not test.left:
        lines += ["", "| difference | reward | 95 % interval |", "|---|---:|---:|"]
        lines += [_comparison_row(one) for one in test.comparisons]
    if test.parts:
        names = [one.arm.label.lower() for one in test.arms]
        lines += ["", f"| full marks in | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
        for part in test.parts:
            shares = (part.shares.get(one.arm.kind) for one in test.arms)
            lines.append(f"| {_escape(part.name)} | {' | '.join(map(format_share, shares))} |")
    for one in test.arms:
        for name, text in one.arm.real_hints.items():
            lines += ["", f"{one.arm.label}, to `{name}`:", *_quote(text)]
    return "\n".join([*lines, "", f"{describe_run(test)} {METHOD}", ""])


def describe_run(test: HintTest) -> str:
    """What was run, in a sentence: "20 tries of attempt 3 on practice model at temperature 0.6; 20 calls, free, 9.1 s."."""
    tries = test.tries
    calls = sum(one.calls for one in tries)
    took = sum(one.took_s or 0.0 for one in tries)
    where = ""
    if test.timeline is not None and test.attempt is not None:
        model = _escape(show_unseen(test.timeline.spec.model.label))
        where = f" on {model} at temperature {format_temperature(test.attempt.temperature)}"
        if not test.timeline.has_temperature(test.attempt):
            where = f" on {model}, which takes no temperature"
    ended = f"{test.done} of {len(tries)}" if test.left else f"{len(tries)}"
    return f"{ended} tries of attempt {test.document.attempt}{where}; {calls:,} calls, {format_cost(test.cost_usd)}, {format_duration(took)}."


def format_share(share: float | None) -> str:
    """A share of tries: "90 %"; a dash where no try has ended."""
    return NOTHING if share is None else f"{share * 100:.0f} %"


def format_signed(value: float) -> str:
    """A difference with its sign: "+0.38"."""
    text = format_score(abs(value))
    return f"{MINUS}{text}" if value < 0 else f"+{text}" if value > 0 else text


def format_between(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """An interval: "[0.23, 0.52]"; a dash where there is none."""
    if low is None or high is None:
        return NOTHING
    write = format_signed if signed else format_score
    return f"[{write(low)}, {write(high)}]"


def _arm_row(one: ArmResult) -> str:
    mean = NOTHING if one.mean is None else format_score(one.mean)
    return f"| {one.arm.label} | {len(one.ended)} | {one.failed} | {mean} | {format_between(*one.interval)} |"


def _comparison_row(one: Comparison) -> str:
    names = f"{one.second.arm.label} {MINUS} {one.first.arm.label.lower()}"
    if one.difference is None:
        return f"| {names} | {NOTHING} | {NOTHING} |"
    value, low, high, _ = one.difference
    return f"| {names} | {format_signed(value)} | {format_between(low, high, signed=True)} |"


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\1", show_unseen(" ".join(text.split())))


def _quote(text: str) -> Iterable[str]:
    return [f"> {_escape(line)}" for line in text.splitlines() or [""]]
