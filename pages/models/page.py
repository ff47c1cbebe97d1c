"""Models: connect one, test it, see what it costs. Keys stay in this session's memory, or in the environment."""

import streamlit as st

from pages.models import state
from pages.models.costs import show_costs
from pages.models.form import connection_form
from pages.models.rows import connection_rows
from pages.shared.text import show_store_error
from refine_core import connections
from refine_core.errors import StoreError

st.title("Models", anchor=False)
st.caption("Connect your models. A run can use different ones for the program, the adviser and the judge.")
try:
    saved = connections.list_connections()
    spent = connections.sum_spending(30)
except StoreError as error:
    show_store_error(str(error))
    st.stop()
connections.warm()
if not state.is_filled():
    state.load_preset(state.FIRST, [one.name for one in saved])
connection_rows(saved)
connection_form([one.name for one in saved])
show_costs(spent)
