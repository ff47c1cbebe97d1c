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


def test_every_outcome_has_a_mark_of_its_own():
    """The words come with each attempt; the script has a shape for every outcome."""
    script = (ROOT / "assets" / "timeline" / "elements.js").read_text(encoding="utf-8")
    shapes = re.findall(r"^  (\w+): \[", script, re.MULTILINE)
    assert ATTEMPT_OUTCOMES.keys() <= set(shapes)
