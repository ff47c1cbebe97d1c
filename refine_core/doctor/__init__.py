r"""The reward doctor: how a reward can be paid for nothing, which right answers it refuses, and what is wrong on its rows.

    reward + rows --examine--> Examination(verdict, findings, probes, statistics)

    right_answers.py   the right answer of a row, and what kind of thing it is
    program_rows.py    rows of a program that has not run: its reference values, its worked examples
    forms.py           what stands around an answer: <answer>…</answer>, \boxed{…}, #### 42, JSON
    probes.py          texts made from a right answer, of which one knows whether they deserve its score
    probing.py         probes scored in the reward's worker, as shares of the right answer's score
    probe_findings.py  what they show, as findings
    verdict.py         one sentence on top
    examination.py     all of it, and its JSON
    examining.py       how it comes about

No model is called, and no code of a reward runs outside the worker.
"""

from __future__ import annotations

from refine_core.doctor.examination import Examination, finding_to_json, probes_to_json
from refine_core.doctor.examining import examine, examine_unreadable
from refine_core.doctor.probing import ProbeResult, RowProbes
from refine_core.doctor.program_rows import rows_of_program
from refine_core.doctor.right_answers import RightAnswer, find_right_answer
from refine_core.rewards.checks import Finding

__all__ = [
    "Examination",
    "Finding",
    "ProbeResult",
    "RightAnswer",
    "RowProbes",
    "examine",
    "examine_unreadable",
    "find_right_answer",
    "finding_to_json",
    "probes_to_json",
    "rows_of_program",
]
