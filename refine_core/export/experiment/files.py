"""An experiment as a file. What is left out is left out first, and keys are hidden in any case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from refine_core.errors import Problem, SpecError
from refine_core.experiments import Snapshot
from refine_core.experiments.json_document import write_experiment
from refine_core.experiments.result import Result, build_result, result_to_json
from refine_core.export.experiment.cells import TYPES, cell_rows, columns_of
from refine_core.export.experiment.formats import EXPERIMENT_FORMATS
from refine_core.export.experiment.leaving_out import leave_out
from refine_core.export.experiment.markdown import write_markdown
from refine_core.export.experiment.page import write_html
from refine_core.export.exporting import ExportedFile
from refine_core.export.file_names import name_file
from refine_core.export.leaving_out.redaction import NO_REDACTION, Redaction
from refine_core.export.tables.csv_table import write_csv
from refine_core.export.tables.parquet_table import write_parquet

_Writer = Callable[[Snapshot, Result, tuple[str, ...]], bytes]


def experiment_file(snapshot: Snapshot, to: str, *, redaction: Redaction = NO_REDACTION) -> ExportedFile:
    """An experiment as one file. to: a name of EXPERIMENT_FORMATS. Raises SpecError for an unknown one.

    redaction: inputs and fields of the rows; an experiment's file has no prompts in any case.
    """
    if to not in EXPERIMENT_FORMATS:
        raise SpecError(
            [Problem("to", f"{to!r} is no format; choose one of {', '.join(EXPERIMENT_FORMATS)}")]
        )
    form = EXPERIMENT_FORMATS[to]
    clean, left_out = leave_out(snapshot, redaction)
    result = build_result(
        replace(clean, dataset=snapshot.dataset)
    )  # equal inputs count as one: left out, all would be equal
    stem = name_file(clean.experiment.name, snapshot.experiment.id)
    return ExportedFile(f"{stem}{form.suffix}", form.media_type, _WRITERS[to](clean, result, left_out))


def _table(write: Callable[[list[dict[str, object]], list[str]], bytes]) -> _Writer:
    def write_table(snapshot: Snapshot, _: Result, __: tuple[str, ...]) -> bytes:
        rows = list(cell_rows(snapshot))
        return write(rows, columns_of(rows))

    return write_table


def _json(snapshot: Snapshot, result: Result, _: tuple[str, ...]) -> bytes:
    given = dict(result_to_json(result)) if result.is_final else None
    return write_experiment(snapshot.experiment, snapshot.dataset, given).encode("utf-8", "surrogatepass")


_WRITERS: Final[Mapping[str, _Writer]] = {
    "html": lambda *given: write_html(*given).encode(),
    "md": lambda *given: write_markdown(*given).encode(),
    "csv": _table(write_csv),
    "parquet": _table(lambda rows, columns: write_parquet(rows, columns, TYPES)),
    "json": _json,
}
