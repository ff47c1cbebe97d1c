"""Ours beside dspy 2.6.23: the same scripts on both sides, each listed difference as one switch, and nothing excused.

    scripts.py      what happens, as plain JSON: program, numbers, replies, rewards, inputs
    programs.py     the programs, written once for both libraries
    play.py         plays a script's replies and rewards to either library, and notes what it was asked
    running.py      runs a script with a library, and notes what came of it
    ours.py         one side: refine_core             theirs.py    the other: dspy, in its own environment
    oracle.py       dspy's source, read where it is installed, with switches.py's differences made in it by edits.py
    sides.py        both sides as processes, and what differs
    coverage.py     which of the branches a script went through
    prompts.py      signatures, demos and values     reading.py    what a prompt says, beside its words

What both sides run (scripts, programs, playing, acting, reading, prompts) imports neither library.

python -m tests.parity --scripts 1000 --seed 7      the comparison by hand, as tables
"""
