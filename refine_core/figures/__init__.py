"""A run as something to look at: the timeline as a plain Plotly dict, and the ledger, the same as a table.

    Timeline --build_figure--> {"data": […], "layout": {…}}    --build_ledger--> [Row, …]    --describe_figure--> str

One builder serves the screen and the report. It needs no plotting library, and leaves colours to tokens: a value
such as "token:muted", or "token:accent/0.1" with an opacity, is resolved by whoever draws (assets/timeline).
"""

from refine_core.figures.alt import describe_figure, label
from refine_core.figures.ledger import COLUMNS, Cell, Column, Row, build_ledger
from refine_core.figures.timeline import build_figure

__all__ = [
    "COLUMNS",
    "Cell",
    "Column",
    "Row",
    "build_figure",
    "build_ledger",
    "describe_figure",
    "label",
]
