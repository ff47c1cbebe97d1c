"""The frame around every page: title, logo, navigation."""

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[2]

st.set_page_config(page_title="Refinescope", page_icon=str(ROOT / "assets" / "icon.svg"), layout="wide")
st.logo(str(ROOT / "assets" / "logo.svg"), size="large")

lab = st.Page(ROOT / "pages" / "lab" / "page.py", title="Lab", icon=":material/science:", default=True)
runs = st.Page(ROOT / "pages" / "runs" / "page.py", title="Runs", icon=":material/history:", url_path="runs")
run = st.Page(ROOT / "pages" / "run" / "page.py", title="Run", url_path="run", visibility="hidden")

st.navigation([lab, runs, run], position="top").run()
