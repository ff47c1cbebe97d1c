"""Cases as a pytest file that runs by itself: plain Python, which imports Refinescope only where the reward uses `Score`.

    export_pytest(recognized, cases) -> text of test_NAME.py

writing.py   the file as a whole: the reward's own code, its cases as tests, the helpers that they need
calls.py     how each function is called for a case, as code
literals.py  values as code: repr, but for what has none that can be evaluated
helpers.py   the texts of the helpers: reading a return, stand-ins for the frameworks' objects
chosen_helpers.py   those that a file needs, by names that are free in it
names.py     names that the reward does not use itself
"""

from __future__ import annotations

from refine_core.cases.pytest_file.writing import export_pytest

__all__ = ["export_pytest"]
