r"""Right answers: what a row's output should say, and how a reward wants it written.

right_answers.py  the right answer of a row, and what kind of thing it is
forms.py          what stands around an answer: <answer>…</answer>, \boxed{…}, #### 42, JSON
outputs.py        the text of an output, which may be chat messages
questions.py      what was asked in a row, and the unit of its answer
"""
