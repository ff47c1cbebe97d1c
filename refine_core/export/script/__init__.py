"""A run's program as a Python script, for refine_core or for dspy.

    write_python(spec, run_id) -> text          write_dspy(spec, run_id) -> text

scripts.py        the whole of either                model_code.py    the models
program.py        signatures and the module          reward_code.py   the reward, called as it was in the run
notes.py          what it says of itself             source_facts.py  what has to be known of the reward's source
literals.py, type_source.py, naming.py               values, types and names as source
"""

from __future__ import annotations

from refine_core.export.script.scripts import write_dspy, write_python

__all__ = ["write_dspy", "write_python"]
