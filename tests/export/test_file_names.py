"""Names of exported files: whatever a run is called, every system takes them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from refine_core.export.file_names import name_file


@given(st.text(max_size=200), st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z"))
def test_any_name_becomes_one_that_every_system_takes(title, run_id):
    name = name_file(title, run_id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-[A-Za-z0-9._-]*", name), name
    assert ".." not in name.split("-")
    assert len(name) < 140


def test_a_name_keeps_the_words_of_the_title_and_ends_between_two():
    assert name_file("Café: two stages?", "r1") == "cafe-two-stages-r1"
    assert name_file("../../etc/passwd\u202e", "r1") == "etc-passwd-r1"
    assert name_file("日本", "r1") == "run-r1"
    assert name_file("word " * 30, "r1") == "word-word-word-word-word-word-word-word-word-r1"
