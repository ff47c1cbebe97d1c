"""Public names that have a new one: the old ones still work, and say what to write."""

from __future__ import annotations

import pytest

import refine_core
from refine_core import Scope
from refine_core.log.scope import current


def test_within_still_enters_a_scope_and_names_the_new_word():
    scope = Scope()
    with pytest.warns(DeprecationWarning, match="write use_scope"), refine_core.within(scope) as entered:
        assert entered is scope is current()
    assert current() is not scope
