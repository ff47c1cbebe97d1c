"""Models: connect one, test it, see what it costs. Keys stay in this session's memory, or in the environment."""

import streamlit as st

from pages.models import state
from pages.models.cost import cost
from pages.models.form import form
from pages.models.rows import rows
from pages.shared.text import mistake
from refine_core import connections
from refine_core.errors import StoreError

st.title("Models", anchor=False)
st.caption(
    "Connect the models that you use. A run may ask one for the program, another for advice and a third as judge."
)
try:
    saved = connections.saved()
    spent = connections.spending(30)
except StoreError as error:
    mistake(str(error))
    st.stop()
connections.warm()
if not state.begun():
    state.load_preset(state.FIRST, [one.name for one in saved])
rows(saved)
form([one.name for one in saved])
cost(spent)
