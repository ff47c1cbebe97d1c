"""Two attempts, or two whole runs, side by side as plain data.

    compare_attempts(timeline, attempt, timeline, attempt) -> AttemptComparison     the sentence first, then what it stands on
    compare_runs(timeline, timeline) -> RunComparison                               what they were set up with, then by attempt

Pure: it reads timelines that are folded already. Laws: an attempt against itself shows no difference; A and B swapped swap what
was gained and lost; pieces and blocks joined are the texts.
"""

from refine_core.comparison.attempts import AttemptComparison, Between, PartChange, Side, compare_attempts
from refine_core.comparison.changes import LineBlock, TextChange
from refine_core.comparison.phrases import Phrase, as_text
from refine_core.comparison.plain_text import write_attempts, write_runs
from refine_core.comparison.prompts import PromptChange
from refine_core.comparison.runs import RunCell, RunComparison, RunRow, compare_runs
from refine_core.comparison.settings import Setting
from refine_core.comparison.specs import TextDifference, compare_specs

__all__ = [
    "AttemptComparison",
    "Between",
    "LineBlock",
    "PartChange",
    "Phrase",
    "PromptChange",
    "RunCell",
    "RunComparison",
    "RunRow",
    "Setting",
    "Side",
    "TextChange",
    "TextDifference",
    "as_text",
    "compare_attempts",
    "compare_runs",
    "compare_specs",
    "write_attempts",
    "write_runs",
]
