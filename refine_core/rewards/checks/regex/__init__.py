"""Regular expressions in a reward: patterns.py finds them; those that take exponential time, and those that stop at a line break.

automaton.py      a regular expression as positions that follow each other
backtracking.py   a text on which it takes exponential time
lines.py          a `.` that stops at a line break between two marks
"""
