"""A run as something to look at: the timeline as plain data to draw, and the ledger, the same as a table.

    Timeline    --build_figure--> {"columns", "hovers", "drawings", …}   --build_ledger--> [Row, …]   --describe_figure--> str
    ProgramSpec --build_ghost-->  the same, before a run              --describe_ghost--> str

One builder serves the screen and the report. It imports no plotting library and knows neither width nor colours: styles are
names, which whoever draws gives a colour (assets/timeline/chart.js and chart.css). scene.py says what a drawing is made of.
"""

from refine_core.figures.alt import describe_figure, label
from refine_core.figures.axis import list_ticks
from refine_core.figures.ghost import build_ghost, describe_ghost
from refine_core.figures.grid import MANY
from refine_core.figures.ledger import Column, Row, Table, build_ledger, list_columns
from refine_core.figures.ledger_cells import Cell
from refine_core.figures.ledger_order import Choice, Chosen, choose_attempts, sort_keys
from refine_core.figures.now import Now, NowCell, describe_now
from refine_core.figures.now_marks import build_now_marks, describe_now_marks
from refine_core.figures.story import Story, StoryRow, build_story
from refine_core.figures.timeline import build_figure

__all__ = [
    "MANY",
    "Cell",
    "Choice",
    "Chosen",
    "Column",
    "Now",
    "NowCell",
    "Row",
    "Story",
    "StoryRow",
    "Table",
    "build_figure",
    "build_ghost",
    "build_ledger",
    "build_now_marks",
    "build_story",
    "choose_attempts",
    "describe_figure",
    "describe_ghost",
    "describe_now",
    "describe_now_marks",
    "label",
    "list_columns",
    "list_ticks",
    "sort_keys",
]
