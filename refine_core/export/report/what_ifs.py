"""What-ifs that were kept beside the run: what it would have done with another reward, threshold or N."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from refine_core.export.markup import Markup, element
from refine_core.formatting import format_score
from refine_core.log.timeline import Timeline
from refine_core.messages import format_reward
from refine_core.runs.kept_what_ifs import KeptWhatIf
from refine_core.what_if import describe_changes


def write_what_ifs(run: Timeline, kept: Sequence[KeptWhatIf]) -> Iterator[Markup]:
    """A section, the newest first; nothing without any."""
    if not kept:
        return
    yield element("h2", "What if")
    yield element(
        "p", "Asked afterwards, of the outputs that were recorded: no model was called again.", cls="m"
    )
    for one in kept:
        changes = ", ".join(describe_changes(run, one.spec)) or "nothing changed"
        yield element("h3", f"{changes[:1].upper()}{changes[1:]}")
        yield element("p", f"{one.headline} {one.result.get('case') or ''}".strip())
        yield element("div", _write_table(run, one), cls="w")


def _write_table(run: Timeline, kept: KeptWhatIf) -> Markup:
    result = kept.result
    heads = [element("th", name, cls="n", scope="col") for name in ("#", "recorded", "would score")]
    rows = [
        _write_row(run, kept, attempt)
        for attempt in result.get("attempts") or ()
        if isinstance(attempt, Mapping)
    ]
    head = element("tr", *heads, element("th", "why it may not compare", scope="col"))
    return element("table", element("thead", head), element("tbody", *rows), cls="wi")


def _write_row(run: Timeline, kept: KeptWhatIf, attempt: Mapping[str, object]) -> Markup:
    number, old, new = attempt.get("attempt"), attempt.get("old"), attempt.get("new")
    beside = (kept.spec.threshold, old if isinstance(old, float) else None)
    return element(
        "tr",
        element("td", str(number), cls="n"),
        element("td", format_reward(run, old) if isinstance(old, float) else "", cls="n"),
        element("td", element("b", format_score(new, beside) if isinstance(new, float) else ""), cls="n"),
        element("td", str(attempt.get("why") or ""), cls="m"),
        cls="r" if number == kept.result.get("returned") else "",
    )
