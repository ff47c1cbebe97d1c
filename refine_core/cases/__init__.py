"""Cases: outputs that a person has judged, which guard every later edit of a reward.

    read_cases(text) -> CaseSet        write_cases(cases) -> text of NAME.cases.json
    CaseSet + reward --run_cases--> CaseReport(results: CaseResult …)
    CaseSet + reward --export_pytest--> a pytest file that runs by itself

wants.py     what is wanted of a score: good, bad, a number, a range, none at all
case.py      Case and CaseSet
document.py  the document NAME.cases.json
labels.py    rows that become cases
fields.py    the values of a case that somebody types
running.py   cases scored in the reward's worker, and each compared with what is wanted
pytest_file/ the same as a file for pytest
"""

from __future__ import annotations

from refine_core.cases.case import MAX_CASES, MAX_NAME_CHARS, Case, CaseSet, output_key
from refine_core.cases.document import read_cases, write_cases
from refine_core.cases.fields import CaseField, fill_case, list_fields
from refine_core.cases.labels import case_from_row, list_labelled, name_output, read_label
from refine_core.cases.pytest_file import export_pytest
from refine_core.cases.running import CaseReport, CaseResult, CaseState, compare_scores, run_cases
from refine_core.cases.wants import BAD, GOOD, UNSCORED, Want, between, exactly, maximum, minimum, read_want

__all__ = [
    "BAD",
    "GOOD",
    "MAX_CASES",
    "MAX_NAME_CHARS",
    "UNSCORED",
    "Case",
    "CaseField",
    "CaseReport",
    "CaseResult",
    "CaseSet",
    "CaseState",
    "Want",
    "between",
    "case_from_row",
    "compare_scores",
    "exactly",
    "export_pytest",
    "fill_case",
    "list_fields",
    "list_labelled",
    "maximum",
    "minimum",
    "name_output",
    "output_key",
    "read_cases",
    "read_label",
    "read_want",
    "run_cases",
    "write_cases",
]
