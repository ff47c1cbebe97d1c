"""The guess component as the real app serves it, and under its content security policy."""

import streamlit as st

from pages.shared import updates, web

app = st.App("guess_script.py", routes=(*web.ROUTES, *updates.ROUTES), middleware=web.MIDDLEWARE)
