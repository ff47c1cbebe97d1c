"""A run as something to look at: the timeline as a plain Plotly dict, and the ledger, the same as a table.

    Timeline --timeline_figure--> {"data": […], "layout": {…}}    --ledger--> [Row, …]    --alt_text--> str

One builder serves the screen and the report. It needs no plotting library, and leaves colours to tokens: a value
such as "token:muted", or "token:accent/0.1" with an opacity, is resolved by whoever draws (assets/timeline).
"""

from refine_core.figures.alt import alt_text, label
from refine_core.figures.ledger import COLUMNS, Cell, Column, Row, ledger
from refine_core.figures.timeline import timeline_figure

__all__ = [
    "COLUMNS",
    "Cell",
    "Column",
    "Row",
    "alt_text",
    "label",
    "ledger",
    "timeline_figure",
]
