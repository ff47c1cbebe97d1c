"""What the README's performance table is made from: `python -m benchmarks` prints it.

    table.py       a row, and the Markdown
    framework.py   time of the library itself an attempt, beside dspy's          ours.py, theirs.py: the sides
    batch.py       many examples at once, on many threads, beside the ideal
    recording_dspy.py   what the recorder costs a dspy program, beside a callback that does nothing; recorded_dspy.py: its side
    lasting.py     what a thousand earlier calls change: time and memory
    storage.py     the events of an attempt, made durable one by one
    importing.py   what an import costs
    screen.py      first paint, first attempt, event to screen: a real server, a real browser
    probing.py     what the doctor's probes of one row take
    opening.py     click until a run is painted, key until an attempt is, 20 pages on one live run

Two versions of dspy stand beside ours, each in an environment of its own: the newest that was measured, which the
bounds refer to, and the original of the loop. Timings live here and never in tests: a test that fails because a
machine is busy says nothing.
"""
