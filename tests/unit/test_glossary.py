"""The glossary stands once: the documentation and the hover texts are made from the same data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from refine_core.glossary import GLOSSARY, Term, write_page
from refine_core.messages import ATTEMPT_OUTCOMES

ROOT = Path(__file__).parents[2]
PAGES = [page.read_text(encoding="utf-8") for page in (ROOT / "pages").rglob("*.py")]


def test_the_page_in_the_docs_is_the_glossary():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert page == write_page(), "run: python -m refine_core.glossary > docs/glossary.md"


def test_the_glossary_explains_the_twelve_words():
    assert list(GLOSSARY) == list(get_args(Term))
    assert len(GLOSSARY) == 12


@pytest.mark.parametrize("term", GLOSSARY)
def test_every_word_of_the_glossary_is_a_hover_text(term):
    assert any(f'GLOSSARY["{term}"]' in page or f"GLOSSARY['{term}']" in page for page in PAGES)


def test_the_chart_explains_its_marks_with_the_words_of_the_outcomes():
    script = (ROOT / "assets" / "timeline" / "timeline.js").read_text(encoding="utf-8")
    marks = dict(re.findall(r'^  \["(\w+)", "([^"]+)"\],$', script, re.MULTILINE))
    shown = {name: word for name, word in ATTEMPT_OUTCOMES.items() if name in marks}
    assert shown.keys() == ATTEMPT_OUTCOMES.keys()
    assert {name: marks[name] for name in shown} == {**shown, "best": "best"}  # its line is the "best so far"
