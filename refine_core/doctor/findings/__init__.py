"""Findings on rows and probes: each module looks for faults of one kind, and gives the texts and scores that show them.

scored_rows.py   rows with their scores, and how evidence quotes them
rows.py          errors, equal scores, a threshold out of reach, groups, length
labels.py        what a person called good or bad
parts.py         parts of a score that never vary or drown each other
feedback.py      feedback that quotes the expected answer
probes.py        what is paid for nothing, and which right answers are refused
same_answers.py  rows and cases that give the right answer in other words
repeats.py       scores that are not the same again; line_breaks.py: line breaks that alone cost the score
habits.py        what the source does with texts; joining.py: findings of the source that rows and probes prove
"""
