"""Public names that have a new one: the old ones still work, and say what to use."""

from __future__ import annotations

import pytest

import refine_core


@pytest.mark.parametrize(("old", "new"), [("Tried", "AttemptResult"), ("within", "use_scope")])
def test_an_old_name_is_the_new_one_and_says_what_to_use(old, new):
    with pytest.warns(DeprecationWarning, match=f"{old} is deprecated; use {new}"):
        assert getattr(refine_core, old) is getattr(refine_core, new)
