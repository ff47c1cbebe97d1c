"""Where the rows come from: what is there now, each with a way to take it away, and how to add more."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import draft, fields, mapping
from pages.rewards.absent import add_source
from pages.rewards.bench import Bench
from pages.rewards.fields import field_key, static_key
from pages.shared import address
from pages.shared.text import escape_markdown, one_line, show_error, show_store_error
from refine_core import runs, workbench
from refine_core.errors import StoreError
from refine_core.formatting import format_score, pluralize
from refine_core.rows import find_table
from refine_core.runs import ListedRun
from refine_core.workbench import Row

RUNS_SHOWN: Final = 8
TITLE_CHARACTERS: Final = 28
CHIPS_SHOWN: Final = 2  # beside the views; more would push the scores down
UPLOAD_MB: Final = 200
PASTED: Final = "Pasted outputs"
_ERROR: Final = static_key("source-error")


def draw_sources(bench: Bench) -> None:
    """A chip a source, folded where there are many, and the menu to add more."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="xsmall"
    ):
        if len(bench.sources) > CHIPS_SHOWN:
            noun = "run" if all(one.timeline is not None for one in bench.sources) else "source"
            with st.popover(pluralize(len(bench.sources), noun)), st.container(gap="xxsmall"):
                _draw_chips(bench)
        else:
            _draw_chips(bench)
        # Another popover after each file: the one that is open would lie over the dialog about it.
        key = static_key("add-rows", mapping.files_so_far())
        with st.popover("Add rows", key=key), st.container(width=440, gap="small"):
            add_rows()


def _draw_chips(bench: Bench) -> None:
    """A button a source, which takes it away."""
    for source in bench.sources:
        title = source.title
        st.button(
            f"{escape_markdown(one_line(title, TITLE_CHARACTERS))} :gray[\N{MULTIPLICATION SIGN}]",
            key=static_key("remove", source.ref),
            help=escape_markdown(f"Remove {title} from the rows"),
            on_click=_remove,
            args=(source.ref,),
        )


def add_rows() -> None:
    """Saved runs, a search among them, and outputs to paste."""
    if problem := st.session_state.get(_ERROR):
        show_error(problem)
    st.markdown("**Your runs**")
    text = st.text_input(
        "Search runs", key=field_key("search"), placeholder="Search runs", type="search", live=True,
        label_visibility="collapsed",
    )  # fmt: skip
    page = runs.search(text or "", size=RUNS_SHOWN)
    _run_list(page.rows)
    if 1 < page.matching <= address.RUNS_AT_ONCE:
        label = f"Add all {page.matching} runs"
        st.button(label, key=static_key("add-found"), on_click=_add_found, args=(text or "",))
    elif page.matching > len(page.rows):
        st.caption(f"{page.matching:,} runs match. Search to narrow them down.")
    st.markdown("**A file**")
    upload_form("more")
    st.markdown("**Outputs to paste**")
    paste_form()


def draw_empty() -> None:
    """What the page says before there are rows."""
    st.markdown("## Score outputs you already have. No model is called.", anchors=False)
    st.markdown(":gray[Bring rows, change the reward, and every score is redone as you type.]")
    bring_rows()


def bring_rows() -> None:
    """All ways to bring the first rows: the last runs, a file, outputs to paste."""
    if problem := st.session_state.get(_ERROR):
        show_error(problem)
    st.markdown("**Your last runs**")
    try:
        page = runs.search(size=RUNS_SHOWN)
    except StoreError as error:  # a file and pasted outputs need no history
        show_store_error(str(error), key="store.again.runs")
    else:
        _draw_last_runs(page)
    file, paste = st.columns(2, gap="medium")
    with file:
        st.markdown("**Or a file of outputs**")
        upload_form("first")
    with paste:
        st.markdown("**Or paste outputs**")
        paste_form()


def _draw_last_runs(page: runs.RunPage) -> None:
    if page.rows:
        _run_list(page.rows)
        if page.total > len(page.rows):
            st.page_link(address.RUNS, label=f"All {page.total:,} runs")
    else:
        st.caption("There are none yet. Start one in the Lab, or paste outputs below.")


def upload_form(where: str) -> None:
    """A field for a file. where: tells the two places apart in which it stands."""
    key = field_key("upload", where, mapping.files_so_far())
    st.file_uploader(
        "Files of outputs", key=key, label_visibility="collapsed", max_upload_size=UPLOAD_MB, accept_multiple_files=True,
        on_change=mapping.open_upload, args=(key,),
    )  # fmt: skip
    st.caption(
        "CSV, TSV, JSON, JSONL or Parquet, or what promptfoo, OpenAI, TRL, Inspect, verifiers, verl, dspy, lm-eval, LangSmith or Phoenix"
        " wrote. Bring the output of an OpenAI batch together with its input. A Python file is opened as the reward."
    )


def paste_form() -> None:
    """A field for outputs, a line each, or for a table."""
    text = st.text_area(
        "Outputs", key=field_key("paste"), placeholder="One output a line, or a table: CSV, JSON, cells of a spreadsheet",
        label_visibility="collapsed", height=96,
    )  # fmt: skip
    table, lines = find_table(text) if text and text.strip() else None, _list_lines(text)
    label = f"Add {pluralize(len(lines), 'row')}" if lines else "Add rows"
    # Always to be pressed: the press that leaves the field is what sends the text.
    st.button(
        label if table is None else f"Add rows from this {table.records.kind}",
        key=static_key("add-pasted"),
        on_click=_add_pasted,
    )


def _list_lines(text: str | None) -> list[str]:
    return [line for line in (text or "").splitlines() if line.strip()]


def _run_list(listed: tuple[ListedRun, ...]) -> None:
    """Runs as rows of a list; a press adds one."""
    here = fields.read_sources()
    with st.container(gap="xxsmall"):
        for run in listed:
            is_here = workbench.run_ref(run.run_id) in here
            best = run.summary.best_reward
            count = pluralize(len(run.summary.rewards), "attempt")
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.button(
                    escape_markdown(run.name) if is_here else f":blue[{escape_markdown(run.name)}]",
                    key=static_key("add", run.run_id),
                    type="tertiary",
                    on_click=_add_run,
                    args=(run.run_id,),
                    disabled=is_here,
                )
                st.space("stretch")
                score = "no score" if best is None else format_score(best)
                st.markdown(f":small[:gray[{count}] · {score}]", width="content")


def _add_run(run_id: str) -> None:
    here = fields.read_sources()
    fields.write_sources([*here, workbench.run_ref(run_id)])
    if draft.is_empty(draft.code()) and (timeline := runs.timeline(run_id)) is not None:
        draft.load_reward(draft.base_of_run(timeline))


def _add_found(text: str) -> None:
    found = workbench.find_runs(text, address.RUNS_AT_ONCE)
    fields.write_sources([*dict.fromkeys([*fields.read_sources(), *map(workbench.run_ref, found)])])


def _remove(ref: str) -> None:
    fields.write_sources([one for one in fields.read_sources() if one != ref])


def _add_pasted() -> None:
    """Take what stands in the field by now: a table is looked at first, lines are rows."""
    text = st.session_state.get(field_key("paste")) or ""
    lines = _list_lines(text)
    if not lines:
        st.session_state[_ERROR] = "Paste outputs first: one a line, or a table."
        return
    if find_table(text) is not None:
        mapping.open_table(text)
        return
    rows = (Row(str(i), {}, {"output": line}) for i, line in enumerate(lines, 1))
    try:
        source = workbench.keep_rows(PASTED, rows)
    except StoreError as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state.pop(_ERROR, None)
    add_source(source.ref)
    st.session_state[field_key("paste")] = ""
