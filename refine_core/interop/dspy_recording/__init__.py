"""A real dspy.Refine or BestOfN, recorded while it runs.

    dspy --callbacks--> recorder --facts--> refinement --notes--> background --records--> store

recorder.py     dspy's callback: which call belongs to which refinement
refinement.py   one refinement: what dspy says of it, as events
description.py  a Refine as the description of a run
model_calls.py  a call of a model, without credentials
rewards.py      watches a reward function while its Refine runs
run_log.py      notes of one run, taken while the program waits, so each takes microseconds
background.py   makes records of notes and writes them, on a thread of its own
"""
