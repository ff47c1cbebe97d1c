"""Runs out of a file into the store, or the reason why they are refused.

    data --lines--> runs --log_rules--> runs that can be --runs--> the store, in one transaction

runs       import_runs, or plan_import first        lines       the form of a file
event_types      each value has the type of its field        log_rules      the events make a run that could have happened
"""

from refine_core.export.importing.runs import Imported, PlannedRun, import_runs, keep_runs, plan_import

__all__ = ["Imported", "PlannedRun", "import_runs", "keep_runs", "plan_import"]
