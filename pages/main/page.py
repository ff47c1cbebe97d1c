"""The frame around every page: title, logo, navigation."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from pages.main.returning import draw_again_on_return
from pages.shared import address
from pages.shared.text import escape_markdown, show_store_error
from pages.shared.title import title_page
from refine_core import program_files
from refine_core import runs as store
from refine_core.errors import StoreError

ROOT = Path(__file__).parents[2]

title_page("")  # before the navigation, or the page's own icon would be fetched from elsewhere
st.logo(str(ROOT / "assets" / "logo.svg"), size="large")

lab = st.Page(address.LAB, title="Lab", icon=":material/science:", default=True)
runs = st.Page(address.RUNS, title="Runs", icon=":material/history:", url_path="runs")
rewards = st.Page(address.REWARDS, title="Rewards", icon=":material/rule:", url_path="rewards")
batch = st.Page(address.BATCH, title="Batch", icon=":material/table_chart:", url_path="batch")
learn = st.Page(address.LEARN, title="Learn", icon=":material/school:", url_path="learn")
models = st.Page(address.MODELS, title="Models", icon=":material/lan:", url_path="models")
run = st.Page(address.RUN, title="Run", url_path="run", visibility="hidden")
play = st.Page(address.PLAY, title="Play", url_path="play", visibility="hidden")
compare = st.Page(address.COMPARE, title="Compare", url_path="compare", visibility="hidden")
hint_test = st.Page(address.HINT_TEST, title="Does the hint help?", url_path="hint-test", visibility="hidden")
present = st.Page(address.PRESENT, title="Presenter's view", url_path="present", visibility="hidden")
teach = st.Page(address.TEACH, title="Teach a class", url_path="teach", visibility="hidden")
guess = st.Page(address.GUESS, title="Guess", url_path="guess", visibility="hidden")

with suppress(StoreError):  # the page below says what is wrong, and what to do
    for notice in store.notices():
        st.warning(escape_markdown(notice), icon=":material/warning:")
    store.look_at_workers()  # in the background, before the first run has to wait for them

pages = [lab, runs, rewards, batch, learn, models, run, play, compare, hint_test, present, teach, guess]
if program_files.opened() is not None:  # the app was started for a file
    program = st.Page(address.PROGRAM, title="Program", icon=":material/terminal:", url_path="program")
    pages = [program, *pages]
page = st.navigation(pages, position="hidden")
has_own_screen = page in (present, guess) or (page == teach and address.class_code())
if not has_own_screen:  # a room sees nothing but the run or the question
    page = st.navigation(pages, position="top")
title_page(page.title)
try:
    page.run()
except StoreError as error:  # of a page that does not say so itself
    show_store_error(str(error))
finally:
    draw_again_on_return()
