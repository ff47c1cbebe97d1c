"""An experiment as a file for others: one HTML file, a table of its runs, Markdown for a pull request, JSON that runs again.

    snapshot --leave_out--> snapshot --a writer--> ExportedFile

files        experiment_file(snapshot, format)      formats      what there is, by name      leaving_out   keys, inputs, fields
page         the HTML file; its sections:           summary, pictures, tables, method        cells         the runs as rows
"""

from refine_core.export.experiment.files import experiment_file
from refine_core.export.experiment.formats import EXPERIMENT_FORMATS

__all__ = ["EXPERIMENT_FORMATS", "experiment_file"]
