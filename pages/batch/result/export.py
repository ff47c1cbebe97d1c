"""The menu to export an experiment, and the files that it asks for, made beside the page's script as those of runs are.

POST lib/batch/export {"runs": [ID of the experiment], "to": "html", "leave_out": …}      as pages/shared/share/served.py
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pages.shared.share.menu import MAX_FIELDS, WIDTH_PX, draw_files
from pages.shared.share.served import Wanted, answer_with, serve_files
from pages.shared.web import under_base_path
from refine_core import experiments
from refine_core.errors import StoreError
from refine_core.experiments import Snapshot
from refine_core.export.experiment import EXPERIMENT_FORMATS, experiment_file
from refine_core.unseen import show_unseen

if TYPE_CHECKING:
    from refine_core.export import ExportedFile

URL: Final = "lib/batch/export"
_SO_FAR: Final = "Not every run has ended: a file holds what is recorded so far."


def draw_export(snapshot: Snapshot) -> None:
    """Draw the button, which opens the menu."""
    experiment = snapshot.experiment
    names = dict.fromkeys(one.field for one in snapshot.dataset.columns if one.field)
    with st.popover("Export", key="batch.export"), st.container(width=WIDTH_PX):
        draw_files(
            [experiment.id],
            [name for name in names if show_unseen(name) == name][:MAX_FIELDS],
            key="batch.export-menu",
            note="" if snapshot.state == "finished" else _SO_FAR,
            formats=EXPERIMENT_FORMATS,
            url=URL,
            what="this experiment",
        )


def make_file(wanted: Wanted) -> Iterator[bytes]:
    """The answer, piece by piece."""

    def write() -> Generator[Mapping[str, int], None, ExportedFile]:
        yield {"done": 0, "of": 1}
        snapshot = experiments.get(wanted.run_ids[0])
        if snapshot is None:
            raise StoreError("there is no such experiment")
        return experiment_file(snapshot, wanted.to, redaction=wanted.redaction)

    yield from answer_with(write(), wanted.to)


async def _serve(request: Request) -> Response:
    return await serve_files(request, make_file, EXPERIMENT_FORMATS)


ROUTES: Final[tuple[BaseRoute, ...]] = under_base_path(
    URL, lambda path: Route(path, _serve, methods=["POST"])
)
