r"""The reward doctor: how a reward can be paid for nothing, which right answers it refuses, and what is wrong on its rows.

    reward + rows --examine--> Examination(verdict, findings, probes, statistics)

    examining.py        what examine does, step by step
    collecting.py       all that is scored for it: rows, cases, probes, rows again
    finding.py          all findings on that; examination.py: the result, and its JSON; verdict.py: one sentence on top

    right_answers.py    the right answer of a row, and what kind of thing it is
    forms.py            what stands around an answer: <answer>…</answer>, \boxed{…}, #### 42, JSON
    probes.py           outputs made from it, of which one knows whether they deserve its score; text_probes.py, typed_probes.py
    probing.py          probes scored, as shares of the right answer's score; probe_findings.py: what they show
    same_answers.py     rows and cases that give the right answer in other words

    program_rows.py     a program's inputs and reference values as a row
    scored_rows.py      rows with their scores; row_findings.py, label_findings.py, part_findings.py, feedback_findings.py: what they show
    repeats.py          scores that are not the same again; line_breaks.py: line breaks that alone cost the score
    joining.py          findings of the source that rows and probes prove; habits.py: what the source does with texts

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
