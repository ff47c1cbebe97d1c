"""Runs out of traces: what MLflow or OpenInference recorded of a dspy.Refine.

    bytes --read_spans--> spans --read_refinements--> runs as a file has them, for refine_core.export.importing

files.py        OpenTelemetry's JSON, MLflow's JSON, and Parquet of either, as spans
span.py         one span, whoever wrote it: inputs, outputs, and of a call of a model its messages and parameters
refinement.py   a Refine and what lies in it, as the events of a run

A trace lacks N, the reward of the last attempt and errors of the reward. They are unknown, and the run says so.
"""

from refine_core.export.importing.traces.files import read_spans
from refine_core.export.importing.traces.refinement import read_refinements

__all__ = ["read_refinements", "read_spans"]
