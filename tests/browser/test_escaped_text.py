"""Somebody else's text in a label or a message is seen as it stands, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_idle
from tests.browser.escaped_texts import PLACES, SEEN, TEXTS

APP = Path(__file__).parent / "apps" / "escaped_script.py"
MARKUP = "a, code, pre, img, ul, ol, table, hr, em, del, blockquote, input[type=checkbox], .katex, script, svg title"


@pytest.mark.parametrize("place", PLACES)
def test_a_text_that_markdown_would_read_is_seen_as_it_stands(
    page: Page, serve: Callable[[Path], str], place: str
):
    page.goto(f"{serve(APP)}/?place={place}")
    expect(page.locator(f".st-key-text-{len(TEXTS) - 1}")).to_be_visible(timeout=20_000)
    wait_idle(page)
    for number, text in enumerate(TEXTS):
        shown = page.locator(f".st-key-text-{number}")
        expect(shown).to_contain_text(words(SEEN.get(text, text))[:1])
        assert words(shown.inner_text().replace("\u2060", "")) == words(SEEN.get(text, text))
        assert shown.locator(MARKUP).count() == 0, text


def words(text: str) -> str:
    """A browser shows stretches of blanks as one."""
    return " ".join(text.split())
