"""A refinement, a run and a what-if as a notebook and a terminal show them.

    prediction.refinement          _repr_mimebundle_ -> {"text/plain", "text/html"}         print(…) -> a table

refinement   a Refinement as a run that can be drawn        text   for a terminal        html   for Jupyter
what_ifs     what would have been, as both
"""

from __future__ import annotations

from refine_core.export.notebook.html import write_run_html, write_what_if_html
from refine_core.export.notebook.refinement import Shown, show
from refine_core.export.notebook.text import fit_stream, write_run_text, write_what_if_text
from refine_core.refine.result import Refinement
from refine_core.runs.run import Run
from refine_core.runs.what_ifs import RunWhatIf

__all__ = ["mimebundle", "write_text"]


def write_text(value: object) -> str:
    """For a terminal: why it stopped, and a line an attempt. Raises nothing."""
    if isinstance(value, RunWhatIf):
        return fit_stream(write_what_if_text(value))
    shown = _shown(value)
    return repr(value) if shown is None else fit_stream(write_run_text(shown))


def mimebundle(value: object) -> dict[str, str]:
    """For Jupyter: plain text, and HTML where there is something to draw."""
    text = write_text(value)
    if isinstance(value, RunWhatIf):
        return {"text/plain": text, "text/html": write_what_if_html(value)}
    shown = _shown(value)
    return {"text/plain": text} if shown is None else {"text/plain": text, "text/html": write_run_html(shown)}


def _shown(value: object) -> Shown | None:
    return show(value) if isinstance(value, Refinement | Run) else None
