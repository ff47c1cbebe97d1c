"""The reward doctor: how a reward can be paid for nothing, which right answers it refuses, and what is wrong on its rows.

    reward + rows --examine--> Examination(verdict, findings, probes, statistics)

examining.py     what examine does, step by step
collecting.py    all that is scored for it: rows, cases, probes, rows again
answers/         the right answer of a row, and the form in which a reward wants it
probes/          outputs made from it, scored beside it
findings/        what rows and probes show, a module for each kind of fault; all_findings.py: all of them, in order
examination.py   the result, and its JSON; figures.py: of the rows; verdict.py: the one sentence on top
program_rows.py  a program's inputs and reference values as rows, before anything has run

No model is called, and no code of a reward runs outside the worker.
"""

from __future__ import annotations

from refine_core.doctor.answers.right_answers import RightAnswer, find_right_answer
from refine_core.doctor.examination import Examination, finding_to_json, probes_to_json
from refine_core.doctor.examining import examine, examine_unreadable
from refine_core.doctor.figures import Figures, LabelFigures, PartFigures
from refine_core.doctor.probes.scoring import PAID_ALIKE, ProbeResult, RowProbes
from refine_core.doctor.program_rows import rows_of_program
from refine_core.doctor.verdict import NOTHING_BESIDE_JUDGE
from refine_core.rewards.checks import Finding

__all__ = [
    "NOTHING_BESIDE_JUDGE",
    "PAID_ALIKE",
    "Examination",
    "Figures",
    "Finding",
    "LabelFigures",
    "PartFigures",
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
