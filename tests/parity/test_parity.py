"""A thousand scripts on both sides: what is asked and how, scored, returned, raised and left behind.

The other side is dspy's own source with each listed difference made in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.parity.coverage import classes, expected
from tests.parity.edits import REFINE, Edit, apply_edits
from tests.parity.scripts import scripts
from tests.parity.sides import ROOT
from tests.parity.switches import NAMES

pytestmark = pytest.mark.timeout(900)  # the first test may have to wait for pip


def test_every_script_goes_the_same_way_on_both_sides(sides, played):
    """Nothing is excused: with the listed differences switched on, dspy's source and ours do the same."""
    assert len(played.scripts) >= 1000
    assert [*sides.differing(played.scripts, played.ours)] == []


def test_the_scripts_go_through_every_branch(played):
    """What never happens in a script is not compared."""
    found = set[str]().union(*map(classes, played.scripts, played.ours))
    assert expected() - found == set()


@pytest.mark.parametrize("name", NAMES)
def test_no_switch_is_idle(sides, played, name):
    """Each listed difference is one: without its switch, at least one script goes another way."""
    others = [other for other in NAMES if other != name]
    order = one_of_each_shape_in_turn(played.scripts)
    made, ours = [played.scripts[i] for i in order], [played.ours[i] for i in order]
    assert next(sides.differing(made, ours, others), None) is not None


def one_of_each_shape_in_turn(scripts):
    """Indices: the first of each shape, the second of each, and so on; many a difference shows in a few shapes only."""
    seen = Counter[str]()
    turns = []
    for i, script in enumerate(scripts):
        turns.append((seen[script["shape"]], i))
        seen[script["shape"]] += 1
    return [i for _, i in sorted(turns)]


def test_without_switches_the_oracle_is_dspy(sides, played):
    """Running the original's source anew changes nothing by itself."""
    some = played.scripts[:60]
    assert sides.theirs(some, switches=()) == sides.theirs(some, switches=None)


def test_async_callers_see_what_sync_callers_see(sides, played):
    """An operation is written once, so `acall` goes the way of `__call__`."""
    some = played.scripts[:200]
    assert sides.ours(some, through_acall=True) == played.ours[:200]


def test_an_edit_that_does_not_fit_exactly_once_is_an_error():
    """A change in the original is noticed, and not compared past."""
    for source in ("nothing of it", "twice and twice"):
        with pytest.raises(LookupError, match="not once"):
            apply_edits(source, [Edit(REFINE, "twice", "once")])


def test_scripts_depend_on_their_seed_alone():
    """Neither the hashing of this process nor what was made before has a say."""
    code = "import json; from tests.parity.scripts import scripts; print(json.dumps(scripts(20, 7)))"
    made = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert made == [json.dumps(scripts(20, 7))] * 2
    assert made[0] != json.dumps(scripts(20, 8))
