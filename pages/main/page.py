"""The frame around every page: title, navigation."""

import streamlit as st

st.set_page_config(page_title="Refinescope", layout="wide")
st.write("hello", __file__, __name__)
