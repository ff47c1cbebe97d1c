"""Each attempt: the hint it got, what it answered against the attempt before, its score in parts, and what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from refine_core.export.chart.legend import MARKS
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.prompts import SeenText, write_callers
from refine_core.export.report.values import list_fields, show_change, show_plain, show_text
from refine_core.figures import Story, StoryRow
from refine_core.figures.story_hints import StoryHint
from refine_core.formatting import format_difference, format_duration, format_score, format_temperature
from refine_core.hints import is_hint
from refine_core.log.timeline import Advice, Attempt, Timeline
from refine_core.messages import (
    describe_advice_failure,
    describe_failure,
    describe_refusals,
    describe_rollout,
    hint_source,
    suggest_next_step,
)
from refine_core.uptake import advice_price

FOLDED_FROM = 31  # attempts, from which on each is folded


@dataclass(frozen=True, slots=True)
class _Before:
    """What an attempt is compared with: the latest attempt with outputs, and the latest with a score."""

    answered: Attempt | None = None
    scored: Attempt | None = None


def write_attempts(run: Timeline, story: Story) -> Iterator[Markup]:
    """A section an attempt; folded where there are many."""
    seen, best = SeenText(), _best_parts(run)
    rows = {row.attempt: row for row in story.rows}
    before = _Before()
    for attempt in run.attempts:
        row = rows[attempt.index]
        parts = [*_write_hints(run, attempt, row), *_write_answer(run, attempt, before, best)]
        parts += write_callers(attempt, seen)
        if attempt.advice is not None:
            parts.append(_write_advice(run, attempt, attempt.advice))
        body = join(parts)
        heading = join(_write_heading(run, attempt, row))
        anchor = f"a{attempt.index + 1}"
        if len(run.attempts) < FOLDED_FROM:
            yield element("section", element("h3", heading), body, cls="a", id=anchor)
        else:
            summary = element("summary", element("h3", heading))
            yield element("details", summary, body, cls="a", id=anchor)
        before = _Before(
            attempt if attempt.outputs is not None else before.answered,
            attempt if attempt.score is not None else before.scored,
        )


def _write_heading(run: Timeline, attempt: Attempt, row: StoryRow) -> Iterator[str]:
    mark, colour = MARKS[row.outcome]
    yield element("span", mark, cls=f"k c-{colour}", aria_hidden="true")
    yield f" Attempt {attempt.index + 1}: {row.reward or row.words}"
    if row.change:
        style = "ok" if row.change.startswith("+") else "m" if row.change.startswith("±") else "bad"
        yield " "
        yield element("span", row.change, cls=style)
    if row.outcome == "stopped":
        yield f" · {row.words}"
    if attempt.is_returned:
        yield " · returned"
    if row.kept:
        yield f" · {row.kept}"
    temperature = (
        f"temperature {format_temperature(attempt.temperature)}"
        if run.has_temperature(attempt)
        else describe_rollout(attempt.index)
    )
    took = "" if attempt.took_s is None else f", {format_duration(attempt.took_s)}"
    yield " "
    yield element("span", f"{temperature}{took}", cls="m s")


def _write_answer(
    run: Timeline, attempt: Attempt, before: _Before, best: Mapping[str, float]
) -> Iterator[Markup]:
    """What the attempt answered, beside its score in parts."""
    left = [
        *_write_failure(run, attempt),
        _write_outputs(attempt, before.answered),
        *_write_notes(attempt),
    ]
    right = _write_parts(attempt, before.scored, best)
    yield element("div", element("div", *left), right, cls="att") if right else element("div", *left)


# ---- hints


def _write_hints(run: Timeline, attempt: Attempt, row: StoryRow) -> Iterator[Markup]:
    """Each hint in full, where it came from, and what the attempt made of it."""
    told = attempt.real_hints
    source = hint_source(run, attempt)
    if not told:
        for hint in row.hints:
            words = "".join(text for text, _ in hint.words)
            yield element("p", f"{hint.who}: {words}", cls="hint m s")
        return
    quiet = next((hint for hint in row.hints if hint.is_quiet), None)
    same = "" if quiet is None else f", {''.join(text for text, _ in quiet.words)}"
    uptakes = _by_name(row.hints, list(told))
    several = len(run.predictors) > 1
    for name, text in told.items():
        who = f"Hint for {name}" if several else "Hint received"
        title = element("span", f"{who}, {source}{same}" if source else f"{who}{same}", cls="m s")
        yield element(
            "div", title, element("br"), show_text(text), *_write_uptake(uptakes.get(name)), cls="hint"
        )


def _by_name(hints: tuple[StoryHint, ...], names: list[str]) -> Mapping[str, StoryHint]:
    """The story's hints by predictor: one each, in order; of hints carried over, only those of which there is more to say."""
    if len(hints) == len(names):
        return dict(zip(names, hints, strict=True))
    return dict(zip(names, hints, strict=False)) if len(hints) == 1 else {}


def _write_uptake(hint: StoryHint | None) -> Iterator[Markup]:
    if hint is None or hint.uptake is None:
        return
    verdict = hint.uptake.verdict
    words = f"In the answer: {hint.uptake.words}"
    if verdict == "not_checkable" and len(hint.uptake.rules) <= 1:
        words = "No rule can check whether the answer followed it."
    style = {"followed": "ok", "not_followed": "bad", "leak": "bad"}.get(verdict, "m")
    rules = " · ".join(hint.uptake.rules[1:])
    yield join(
        (
            element("br"),
            element("span", words, cls=f"s {style}"),
            element("span", f" · {rules}", cls="m s") if rules else NOTHING,
        )
    )


# ---- what came of it


def _write_failure(run: Timeline, attempt: Attempt) -> Iterator[Markup]:
    if attempt.error is None:
        if attempt.state in ("cut_off", "unknown"):
            words = (
                "Its reward is unknown."
                if attempt.state == "unknown"
                else "This attempt was under way when the run stopped."
            )
            yield element("p", words, cls="m")
        return
    where = "The reward failed: " if attempt.phase == "reward" else "No answer: "
    yield element("p", element("b", where), describe_failure(attempt), cls="bad")
    if next_step := suggest_next_step(run, attempt):
        yield element("p", next_step, cls="m")
    line = attempt.error.line if attempt.phase == "reward" else None
    source = run.spec.reward.split("\n")
    if line is not None and 1 <= line <= len(source):
        yield element("pre", f"line {line}: {source[line - 1].strip()}")
    if attempt.error.stdout:
        yield _printed(attempt.error.stdout)


def _write_outputs(attempt: Attempt, before: Attempt | None) -> Markup:
    old = before.outputs if before is not None and before.outputs is not None else None
    adjacent = before is not None and before.index == attempt.index - 1
    since = "" if before is None or adjacent else f"attempt {before.index + 1}"
    rows = []
    for name, value in (attempt.outputs or {}).items():
        known = old is not None and name in old
        rows.append(
            (
                join((name,)),
                show_change(name, old[name], value, since=since)
                if old is not None and known
                else show_plain(value),
            )
        )
    return list_fields(rows)


def _write_notes(attempt: Attempt) -> Iterator[Markup]:
    """Rules that were not met, and what the reward said and printed."""
    for name, message in attempt.unmet.items():
        yield element("p", element("b", f"Rule not met: {name}. "), message, cls="bad")
    score = attempt.score
    if score is None:
        return
    if score.feedback:
        yield element("p", element("span", "The reward's feedback: ", cls="m"), show_text(score.feedback))
    for sentence in describe_refusals(score):
        yield element("p", sentence, cls="m s")
    if score.stdout:
        yield _printed(score.stdout)


def _printed(text: str) -> Markup:
    return element("details", element("summary", "What the reward printed"), element("pre", text))


def _write_parts(attempt: Attempt, before: Attempt | None, best: Mapping[str, float]) -> Markup:
    """The score in parts, each with its change. best: part -> its largest value in the run."""
    score = attempt.score
    if score is None or not score.parts:
        return NOTHING
    old = before.score.parts if before is not None and before.score is not None else {}
    rows = []
    for name, value in score.parts.items():
        change = value - old[name] if name in old and value != old[name] else None
        style = "n s" if change is None else "n s ok" if change > 0 else "n s bad"
        rows.append(
            element(
                "tr",
                element("td", name),
                element("td", "0" if value == 0 else format_score(value, (best[name],)), cls="n"),
                element("td", format_score(best[name], (value,)) if best[name] else "", cls="n m s"),
                element("td", "" if change is None else format_difference(change), cls=style),
            )
        )
    head = element(
        "tr",
        element("th", "part of the reward", scope="col"),
        *(element("th", title, cls="n", scope="col") for title in ("points", "best in run", "change")),
    )
    return element("table", element("thead", head), element("tbody", *rows), cls="parts")


def _best_parts(run: Timeline) -> dict[str, float]:
    best: dict[str, float] = {}
    for attempt in run.attempts:
        for name, value in (attempt.score.parts if attempt.score is not None else {}).items():
            best[name] = max(best.get(name, value), value)
    return best


# ---- advice


def _write_advice(run: Timeline, attempt: Attempt, advice: Advice) -> Markup:
    """What the adviser said after the attempt."""
    if advice.error is not None:
        return element("p", element("b", "No advice came: "), describe_advice_failure(advice), cls="bad")
    if advice.state != "done":
        return element("p", "Advice was asked for; the run stopped before it came.", cls="m")
    body = [element("p", show_text(advice.discussion), cls="t")] if advice.discussion else []
    body += [
        element(
            "p", element("b", f"For {name}: "), text if is_hint(text) else "no hint: not at fault", cls="t"
        )
        for name, text in advice.hints.items()
    ]
    body += [
        element("p", element("b", f"For {name}: "), text, " (reached nobody: no such predictor)", cls="t")
        for name, text in advice.dropped.items()
    ]
    if advice.unnamed:
        body.append(element("p", f"The adviser named no hint for {', '.join(advice.unnamed)}.", cls="m"))
    price = advice_price(run, attempt)
    if price is not None:
        body.append(element("p", price.text, cls="m s"))
    return element("details", element("summary", "Advice given after this attempt"), *body)
