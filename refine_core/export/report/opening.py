"""The beginning of the report: what the run is called, why it stopped, what it took, what went in and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.explain import explain_run, is_reference
from refine_core.export.report.values import list_fields, mark_left_out, show_plain, show_text
from refine_core.figures import label
from refine_core.formatting import format_time, pluralize
from refine_core.left_out import LEFT_OUT
from refine_core.log.timeline import Timeline
from refine_core.messages import describe_unknown, resume_summary, usage_summary
from refine_core.spec import ProgramSpec
from refine_core.stop_summary import stop_sentences

_MOST: Final = 600  # characters of an input that stand open, so that what was returned is in sight
_STAGES: Final = 6
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
    if run.recorded_from:
        told = " · ".join(filter(None, (f"Recorded from {run.recorded_from}", describe_unknown(run))))
        yield element("p", f"{told}.", cls="m s")
    if run.left_out:
        what = f"Left out before this file was shared: {', '.join(run.left_out)}. In their place stands "
        yield element("p", what, mark_left_out(LEFT_OUT), ".")
    yield list_fields([*_task(run.spec), *_inputs(run.spec), *_returned(run)])
    yield element("div", *explain_run(run), cls="plain")


def _task(spec: ProgramSpec) -> Iterator[tuple[Markup, Markup]]:
    """What the program is to do, in the words of its prompts."""
    told = [(stage.name, stage.instructions.strip()) for stage in spec.stages if stage.instructions.strip()]
    if not told:
        return
    if len(spec.stages) == 1:
        yield join(("task",)), show_text(told[0][1], most=_MOST)
        return
    lines = [
        element("div", element("span", f"{name}: ", cls="m"), show_text(words, most=_MOST))
        for name, words in told[:_STAGES]
    ]
    if len(told) > _STAGES:
        rest = pluralize(len(told) - _STAGES, "more part")
        lines.append(element("div", f"and {rest}, under ", element("a", "Program", href="#program"), cls="m"))
    yield join(("task",)), join(lines)


def _inputs(spec: ProgramSpec) -> Iterator[tuple[Markup, Markup]]:
    for name, value in spec.inputs.items():
        only = element("span", " (the reward's only)", cls="s") if is_reference(spec, name) else NOTHING
        yield join((name, only)), show_plain(value, most=_MOST)


def _returned(run: Timeline) -> Iterator[tuple[Markup, Markup]]:
    """What the caller was given."""
    chosen = next((a for a in run.attempts if a.is_returned), None)
    what = "returned"
    if chosen is None and run.end is not None:
        yield join((what,)), element("span", "nothing", cls="m")
    if chosen is None:
        best = None if run.end is None else run.end.best
        chosen, what = next((a for a in run.attempts if a.index == best), None), "best until then"
    if chosen is None or not chosen.outputs:
        return
    link = element("a", f"attempt {chosen.index + 1}", href=f"#a{chosen.index + 1}")
    name = join((what, element("br"), element("span", "from ", link, cls="s")))
    if len(chosen.outputs) == 1:
        yield name, element("b", *map(show_plain, chosen.outputs.values()))
        return
    lines = [
        element("div", element("span", f"{field}: ", cls="m"), show_plain(value))
        for field, value in chosen.outputs.items()
    ]
    yield name, join(lines)
