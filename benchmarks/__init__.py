"""What the README's performance table is made from: `python -m benchmarks` prints it.

    table.py       a row, and the Markdown
    framework.py   time of the library itself an attempt, beside dspy's          ours.py, theirs.py: the two sides
    storage.py     the events of an attempt, made durable one by one
    importing.py   what an import costs
    screen.py      first paint, first attempt, event to screen: a real server, a real browser

Timings live here and never in tests: a test that fails because a machine is busy says nothing.
"""
