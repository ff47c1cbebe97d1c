"""Refinescope, as served: `streamlit run app.py` or `refinescope` start here. The screens are under pages/."""

import sys
from pathlib import Path

import streamlit as st

from pages.batch.live import cells
from pages.batch.result import export
from pages.shared import updates, web
from pages.shared.share import served as share
from refine_core import workbench

PAGE = Path(__file__).resolve().parent / "pages" / "main" / "page.py"

# Streamlit adds a script's folder to sys.path for as long as it runs, unless it is there. A list that changes is read
# wrongly by an import in another thread: litellm's takes seconds, and would now and then miss a package.
sys.path.append(str(PAGE.parent))

workbench.self_test.start()  # in the background: what typed code can reach on this system
app = st.App(
    PAGE,
    routes=(*web.ROUTES, *updates.ROUTES, *share.ROUTES, *cells.ROUTES, *export.ROUTES),
    middleware=web.MIDDLEWARE,
)
