"""Runs out of traces: what MLflow or OpenInference recorded of a dspy.Refine, and what Refinescope itself sent as spans.

    bytes --read_spans--> spans --read_refinements, read_own_runs--> runs as a file has them, for refine_core.export.importing

files.py        OpenTelemetry's JSON, MLflow's JSON, and Parquet of either, as spans
span.py         one span, whoever wrote it: inputs, outputs, and of a call of a model its messages and parameters
prompt.py       a signature with its types, out of a prompt
refinement.py   a Refine and what lies in it, as the events of a run
own.py          a run of Refinescope, with all its events

A trace of dspy lacks N, the reward of the last attempt and errors of the reward. They are unknown, and the run says so.
"""

from refine_core.export.importing.traces.files import read_spans
from refine_core.export.importing.traces.own import read_own_runs
from refine_core.export.importing.traces.refinement import read_refinements

__all__ = ["read_own_runs", "read_refinements", "read_spans"]
