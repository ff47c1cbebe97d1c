"""The sides of the comparison, once for all tests; without dspy's environment they are skipped, which CI takes amiss."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.parity.environment import Missing, python
from tests.parity.scripts import Script, scripts
from tests.parity.sides import Outcomes, Sides

SCRIPTS, SEED = 1000, 7


@dataclass(frozen=True, slots=True)
class Played:
    """scripts, and what ours did with each."""

    scripts: list[Script]
    ours: list[Outcomes]


@pytest.fixture(scope="session")
def dspy_python():
    try:
        return python()
    except Missing as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def sides(dspy_python):
    both = Sides(dspy_python)
    yield both
    both.close()


@pytest.fixture(scope="session")
def played(sides):
    made = scripts(SCRIPTS, SEED)
    return Played(made, sides.ours(made))
