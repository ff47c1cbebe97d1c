"""The keys of the Lab's form in `st.session_state`."""

from __future__ import annotations

from typing import Final

from pages.shared.credentials import LAB_KEY
from pages.shared.forms import Form

FORM: Final = Form("lab")
field_key, static_key = FORM.field_key, FORM.static_key
REWARD: Final = static_key("reward")
SECRET: Final = LAB_KEY
