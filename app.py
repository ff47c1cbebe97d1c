"""Refinescope, as served: `streamlit run app.py` or `refinescope` start here. The screens are under pages/."""

import streamlit as st

from pages.shared import web

app = st.App("pages/main/page.py", routes=web.ROUTES, middleware=web.MIDDLEWARE)
