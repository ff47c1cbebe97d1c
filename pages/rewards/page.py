"""Rewards: a reward beside the outputs that are already there, scored again with every change, without a model call."""

import streamlit as st

from pages.rewards import draft, fields
from pages.rewards.absent import draw_absent
from pages.rewards.bench import read_bench
from pages.rewards.cases.listing import take_case_clicks
from pages.rewards.cases.pin import pin_asked
from pages.rewards.doctor.examining import list_code_findings
from pages.rewards.doctor.findings import take_findings_clicks
from pages.rewards.doctor.probes import take_probe_clicks
from pages.rewards.header import draw_header
from pages.rewards.mapping import draw_mapping
from pages.rewards.results import OFFERED, SHOWN, current_view, draw_results
from pages.rewards.reward import draw_editor, draw_reading, draw_reward
from pages.rewards.saved import draw_versions
from pages.rewards.scores.table import take_clicks
from pages.rewards.starters import draw_starters
from pages.rewards.xray.view import take_xray_clicks
from pages.shared.focus import keep_focus
from pages.shared.text import show_store_error
from pages.shared.viewport import is_narrow, watch_viewport
from refine_core.errors import StoreError
from refine_core.formatting import pluralize

_LEFT_AND_RIGHT = [42.6, 57.4]  # 534 and 720 of 1,290 pixels, with 36 between them

try:
    draft.open_bench()
    take_clicks()
    take_xray_clicks()
    take_findings_clicks()
    take_probe_clicks()
    take_case_clicks()
    draft.put_away_what_belongs_to_another()
    bench = read_bench()
except StoreError as error:
    show_store_error(str(error))
    st.stop()
pin_asked(bench)
draft.keep_draft()

draw_header(bench)
draw_absent(bench.missing)
draw_versions()
draw_mapping()
view = current_view()
if is_narrow():
    lines = bench.code.rstrip().count("\n") + 1
    asks = draw_reading(bench)  # never folded: what cannot be read is said here
    faults = sum(one.severity != "note" for one in list_code_findings(bench))
    remarks = f" :orange[\N{BLACK UP-POINTING TRIANGLE} {faults}]" if faults else ""
    with st.expander(f"Reward, {pluralize(lines, 'line')}{remarks}", key="rewards.fold"):
        draw_editor(bench, asks=asks)
        if not bench.rows:
            draw_starters(bench)
    draw_results(bench)
    if not view.wide and (bench.rows or view is not OFFERED["scores"]):
        view.under(bench)
elif view.wide:
    draw_results(bench)
else:
    left, right = st.columns(_LEFT_AND_RIGHT, gap="medium")
    with left, st.container(gap="xsmall"):
        draw_reward(bench)
        view.under(bench)
    with right, st.container(gap="xsmall"):
        draw_results(bench)
with st.container(gap=None):
    watch_viewport()
    keep_focus(SHOWN, fields.read_view())
