"""The beginning of the report: what the run is called, why it stopped, what it took, what went in and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.explain import explain_run, is_reference
from refine_core.export.report.values import list_fields, mark_left_out, show_plain
from refine_core.figures import label
from refine_core.formatting import format_time
from refine_core.left_out import LEFT_OUT
from refine_core.log.timeline import Timeline
from refine_core.messages import resume_summary, usage_summary
from refine_core.spec import ProgramSpec
from refine_core.stop_summary import stop_sentences

_NO_END = "no end of it is recorded"


def describe_origin(run: Timeline) -> str:
    """When it ran, and on what: "2026-11-29 02:01 · practice model, seed 0"."""
    spec = run.spec
    seed = spec.seed if spec.model.kind == "practice" else spec.model.seed
    model = spec.model.label if seed is None else f"{spec.model.label}, seed {seed}"
    return f"{format_time(run.started_at)} · {model}"


def list_sentences(run: Timeline) -> tuple[str, ...]:
    """Why the run stopped: the headline first, then the rest."""
    return stop_sentences(run, alive=False, because=_NO_END)


def write_opening(run: Timeline, title: str, tags: Sequence[str]) -> Iterator[Markup]:
    """Everything above the timeline."""
    headline, *more = list_sentences(run)
    yield element("p", " · ".join((title, *tags, describe_origin(run))), cls="m s")
    yield element("h1", headline)
    if more:
        yield element("p", " ".join(more))
    yield element("p", f"{usage_summary(run)}.", cls="m")
    for words in filter(None, (label(run), resume_summary(run))):
        yield element("p", words, cls="m")
    if run.left_out:
        what = f"Left out before this file was shared: {', '.join(run.left_out)}. In their place stands "
        yield element("p", what, mark_left_out(LEFT_OUT), ".")
    yield element("div", *explain_run(run), cls="plain")
    yield list_fields([*_inputs(run.spec), *_returned(run)])


def _inputs(spec: ProgramSpec) -> Iterator[tuple[Markup, Markup]]:
    for name, value in spec.inputs.items():
        only = element("span", " (the reward's only)", cls="s") if is_reference(spec, name) else NOTHING
        yield join((name, only)), show_plain(value)


def _returned(run: Timeline) -> Iterator[tuple[Markup, Markup]]:
    """What the caller was given."""
    chosen = next((a for a in run.attempts if a.is_returned), None)
    if chosen is None or not chosen.outputs:
        return
    link = element("a", f"attempt {chosen.index + 1}", href=f"#a{chosen.index + 1}")
    name = join(("returned", element("br"), element("span", "from ", link, cls="s")))
    if len(chosen.outputs) == 1:
        yield name, element("b", *map(show_plain, chosen.outputs.values()))
        return
    lines = [
        element("div", element("span", f"{field}: ", cls="m"), show_plain(value))
        for field, value in chosen.outputs.items()
    ]
    yield name, join(lines)
