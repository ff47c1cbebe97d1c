"""The timeline as the real app serves it: with its code and the chart's library, and under its content security policy."""

import streamlit as st

from pages.shared import updates, web

app = st.App("timeline_script.py", routes=(*web.ROUTES, *updates.ROUTES), middleware=web.MIDDLEWARE)
