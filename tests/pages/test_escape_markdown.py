"""What a label says is what a screen reader says: Streamlit hands it on as it is written."""

import pytest

from pages.shared.text import escape_markdown


@pytest.mark.parametrize(
    "name", ["my_field", "gpt-4.1-mini (v1.0)", "Q: what & why!", "C++ or C#", "a = b + c", "half-open, 3.5"]
)
def test_a_name_without_markup_gets_no_backslash(name):
    assert escape_markdown(name) == name
