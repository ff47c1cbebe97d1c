"""Ours beside dspy 2.6.23: the same scripts on both sides, each listed difference as one switch, and nothing excused.

    scripts.py     what happens, as plain JSON: program, numbers, replies, rewards, inputs
    programs.py    the programs, written once for both libraries
    playing.py     plays a script's replies and rewards to either library, and notes what it was asked
    ours.py        one side: refine_core             theirs.py    the other: dspy, in its own environment
    oracle.py      dspy's source, read where it is installed, with switches.py's differences made in it
    sides.py       both sides at once, and what differs
    happened.py    which of the branches a script went through
    prompts.py     what is put before a model, and what each side reads in the other's words

scripts, programs, playing, switches and oracle import neither library's names: both sides read them.
"""
