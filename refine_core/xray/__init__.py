"""X-ray: a reward line by line on one output, and on two of them side by side.

    recognized + row --xray_row--> Xray --view--> CallView(lines: LineView …)      two Xrays --find_parting--> Parting

xraying.py        a row is scored in the reward's worker, with what each line did (refine_core.rewards.xray)
row_xray.py       what came of it: the score, and its calls
source_map.py     the source: its sites, as the worker numbers them
lines.py          one call of a function, line by line
formula.py        0.25 * (len(words) <= 8) as "4 ≤ 8 → 0.25"
contributions.py  the numbers that a score is made of, and where each was made; elements.py: of a list, what its members are
weights.py        how much a name counts in what is returned
pairs.py          two rows: which of their calls correspond
differences.py    the first line where their scores part, and by how much; parting_reasons.py, reasons.py: why, in a few words
parting.py        all of that in one sentence
sentences.py      what became of a row, in a sentence
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.xray.pairs import find_function, find_partner
    from refine_core.xray.parting import find_parting
    from refine_core.xray.row_xray import Xray
    from refine_core.xray.texts import write_score
    from refine_core.xray.types import CallView, Expression, LineView, Parting, Segment
    from refine_core.xray.xraying import XrayDesk, xray_row

__all__ = [
    "CallView",
    "Expression",
    "LineView",
    "Parting",
    "Segment",
    "Xray",
    "XrayDesk",
    "find_function",
    "find_parting",
    "find_partner",
    "write_score",
    "xray_row",
]

_HOME = {
    "pairs": ("find_function", "find_partner"),
    "parting": ("find_parting",),
    "texts": ("write_score",),
    "types": ("CallView", "Expression", "LineView", "Parting", "Segment"),
    "row_xray": ("Xray",),
    "xraying": ("XrayDesk", "xray_row"),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
