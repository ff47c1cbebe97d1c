"""What counts as a hint is said in one place."""

from __future__ import annotations

import pytest

from refine_core.hints import NO_HINT, hint_for, is_hint


@pytest.mark.parametrize("text", [None, "", "  \n", "N/A", "n/a", " N/A ", "NA"])
def test_nothing_empty_text_and_na_are_no_hints(text):
    assert not is_hint(text)


@pytest.mark.parametrize("text", ["Be brief.", "N/A is wrong: say more", "0"])
def test_any_other_text_is_a_hint(text):
    assert is_hint(text)


def test_a_predictor_without_a_hint_of_its_own_is_shown_that_there_is_none():
    hints = {"draft": "be brief", "check": ""}
    assert [hint_for(name, hints) for name in ("draft", "check", "other")] == ["be brief", NO_HINT, NO_HINT]
