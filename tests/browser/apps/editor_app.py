"""The editor as the real app serves it: with its code, and under its content security policy."""

import streamlit as st

from pages.shared import web

app = st.App("editor_script.py", routes=web.ROUTES, middleware=web.MIDDLEWARE)
