"""X-ray, the worker's side: a source is run so that it tells what each line did, and scores as it always does.

    source --rewrite.py--> the same program, which passes values on through a recorder, and a Plan of where it does so
    expressions.py   the same for expressions; sites.py: what a Plan lists; marks.py: how code finds the recorder
    recorder.py      what it passes them to: counts, bounded texts, calls and who made them
    snapshot.py      a value as text, without running a line of the user's
    tracing.py       both together: a source to run, and the Trace that a call leaves

The other side, refine_core.xray, makes the same Plan from the same source, so that a worker sends numbers and texts alone.

Standard library only, like everything the worker imports.
"""
