"""One run: the address says which."""

import streamlit as st

from pages.run.cell_origin import draw_cell_origin
from pages.run.deleted import draw_deleted_notice
from pages.run.fork.dialog import draw_fork
from pages.run.header import draw_header, name_of
from pages.run.menus import draw_menu_dialog
from pages.run.what_if import begin_page, draw_switch, draw_what_if
from pages.shared import address
from pages.shared.attempt.hint_dialog import draw_try_origin, open_hint_dialog
from pages.shared.run.view import draw_live_run, show_unknown_run
from pages.shared.text import show_store_error
from pages.shared.title import title_page
from pages.shared.viewport import is_narrow, watch_viewport
from refine_core import runs
from refine_core.errors import StoreError

begin_page()
run_id = address.run_id()
if run_id is None:
    st.info("No run is named in the address. Choose one from the list.", icon=":material/info:")
    st.page_link(address.RUNS, label="All runs", icon=":material/history:")
    st.stop()
try:
    run = runs.get(run_id)
    annotation = runs.annotation(run_id)
except StoreError as error:
    show_store_error(str(error))
    st.stop()
if run is None:
    show_unknown_run(run_id)
else:
    title_page(name_of(run, annotation))
    with st.container(gap="xsmall"):
        draw_deleted_notice(run_id, annotation)
        draw_try_origin(run.timeline)
        draw_cell_origin(run)
        draw_header(run, annotation)
        if is_narrow() and not run.live:
            draw_switch()
        if address.asks_what_if() and not run.live:
            draw_what_if(run)
        else:
            if address.asks_what_if():
                st.caption("What if is shown once the run has ended.")
            beside = not is_narrow()
            actions = (lambda _: draw_switch()) if beside and not run.live else None
            draw_live_run(run, beside=beside, actions=actions)
    if not draw_fork(run):  # one dialog at a time
        draw_menu_dialog(run)
        open_hint_dialog()
    watch_viewport()
