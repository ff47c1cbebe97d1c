"""The Share menu of one run: a link to what is on the screen, what to leave out, and a file in each format.

What it looks like, and what a press does, is assets/share; the files come from pages/shared/share/served.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import streamlit as st

from pages.shared import address
from pages.shared.run import timeline_choice
from pages.shared.run.view import selected_attempt
from pages.shared.share.served import URL
from pages.shared.viewport import is_narrow
from pages.shared.web import SHARE, import_script, read_styles
from refine_core.export import FORMATS, Format, SendingUnavailableError, find_destination
from refine_core.programs import list_stage_fields
from refine_core.runs import ProgramSpec, Run, Tab
from refine_core.unseen import show_unseen

WIDTH_PX: Final = 470
MAX_FIELDS: Final = 60  # of those that can be left out one by one
STILL_RUNNING: Final = "This run is still going: a file holds what is recorded so far."
_LOOKS: Final = ("attempt", "tab", *timeline_choice.KEYS)  # what the address says of how a run is looked at
_component = st.components.v2.component(
    "refinescope.share",
    js=import_script(SHARE),
    css=read_styles(SHARE, root=".rs-share"),
    isolate_styles=False,
)


def draw_share(run: Run, *, in_lab: bool = False) -> None:
    """Draw the button, which opens the menu.

    in_lab: the link is then that of the run's own page, since the address of the Lab holds a draft, too; and while the run works,
    the button only keeps its place.
    """
    if in_lab and run.live:
        draw_idle_share()
        return
    attempt = selected_attempt(run.timeline)
    tab: Tab = "prompts" if in_lab or is_narrow() else "output"
    shown = {"tab": tab, **({} if attempt is None else {"attempt": str(attempt + 1)})}
    link = {
        "page": "run" if in_lab else None,
        "keep": list(_LOOKS),
        "set": {"run": run.run_id, **({} if address.asks_what_if() else shown)},
    }
    # On a narrow page the Lab has it at the end of a line of words.
    kind: Literal["secondary", "tertiary"] = "tertiary" if in_lab and is_narrow() else "secondary"
    with st.popover("Share", key="share", type=kind), st.container(width=WIDTH_PX):
        draw_files(
            [run.run_id],
            list_fields([run.timeline.spec]),
            key="share-menu",
            link=link,
            note=STILL_RUNNING if run.live else "",
        )


def draw_idle_share() -> None:
    """What will be there once a run has ended, so that its place is kept."""
    st.popover("Share", key="share", disabled=True)


def draw_files(
    run_ids: Sequence[str],
    fields: Sequence[str],
    *,
    key: str,
    link: object = None,
    note: str = "",
    formats: Mapping[str, Format] = FORMATS,
    url: str = URL,
    what: str = "",
) -> None:
    """The menu itself. fields: names of inputs and outputs that can be left out. note: a sentence on what the files hold.

    formats, url, what: what there is, who makes it, and what is shared, where that is no run.
    """
    many = len(run_ids) > 1
    _component(
        key=key,
        data={
            "url": url,
            "runs": list(run_ids),
            "many": many,
            "what": what or ("these runs" if many else "this run"),
            "prompts": not what,
            "fields": list(fields),
            "link": link,
            "note": note,
            "rows": [_row(one, many=many) for one in formats.values()],
        },
        height="content",
    )


def list_fields(specs: Iterable[ProgramSpec]) -> list[str]:
    """The names of all inputs and outputs of these programs, those of a screen's length."""
    names: dict[str, None] = {}
    for spec in specs:
        names |= dict.fromkeys(spec.inputs)
        names |= dict.fromkeys(field.name for stage in spec.stages for field in list_stage_fields(stage))
    return [name for name in names if show_unseen(name) == name][:MAX_FIELDS]


def _row(one: Format, *, many: bool) -> dict[str, object]:
    about = f"{one.about} {_how_many(one)}" if many else one.about
    if one.name == "otel":
        return {"label": one.label, **_sending(one)}
    label = "Chart" if one.name == "svg" and not many else one.label  # a button for each kind of picture
    return {"label": label, "about": about, "buttons": _buttons(one, many=many)}


def _sending(one: Format) -> dict[str, object]:
    """The row of spans: where they can be sent to, or why they cannot."""
    save = {"do": "save", "to": one.name, "label": "Download"}
    send: dict[str, object] = {"do": "send", "to": one.name, "label": "Send"}
    try:
        address = find_destination().address
    except SendingUnavailableError as error:
        why = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return {"about": why, "buttons": [{**send, "disabled": True}, save]}
    return {"about": f"{one.about} Send goes to {address}.", "buttons": [send, save]}


def _how_many(one: Format) -> str:
    if one.many:
        return "All runs in one file."
    return "A zip with a file for each run" + ("; unpack it first." if one.name == "html" else ".")


def _buttons(one: Format, *, many: bool) -> list[dict[str, str]]:
    save = {"do": "save", "to": one.name, "label": "Download"}
    if many:
        return [save]
    if one.name == "md":
        return [{"do": "copy", "to": one.name, "label": "Copy"}, save]
    if one.name == "svg":
        return [{"do": "png", "to": one.name, "label": "PNG"}, {**save, "label": "SVG"}]
    return [save]
