"""An experiment as a JSON document of its own: a person writes one by hand, the app exports one, `refinescope batch` runs it.

    text, folder --read_experiment--> ExperimentDocument        experiment, dataset --write_experiment--> text that reads back the same

    {"name": "Refine or best of 5?", "dataset": {"file": "headlines.csv", "columns": {"expected": "reward only"}},
     "base": "headline.json", "arms": ["refine", "best_of_5", {"name": "Warmer", "change": {"schedule": {"kind": "none"}}}],
     "repeats": 2, "budget": {"usd": 2}}

A program is a document as `refinescope run` takes it, or the path of one. Paths begin at the folder of the document. What the experiment
gave ("result") is not read. Keys have no place in it.

reading   the whole of it        arms    what is compared        table     its rows and columns
notes     what is wrong          parts   what comes of it        writing   back to a text
"""

from refine_core.experiments.json_document.parts import ExperimentDocument, Table
from refine_core.experiments.json_document.reading import is_experiment, read_experiment
from refine_core.experiments.json_document.schema import list_schema
from refine_core.experiments.json_document.writing import write_experiment

__all__ = [
    "ExperimentDocument",
    "Table",
    "is_experiment",
    "list_schema",
    "read_experiment",
    "write_experiment",
]
