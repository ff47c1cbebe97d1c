"""Probes: outputs made from a right answer, of which one knows whether they deserve its score.

    right answer --making--> Probe … --scoring--> RowProbes(ProbeResult …)

drafts.py        a text to try, and what one knows of it
text_probes.py   drafts for an answer that is text; typed_probes.py: for a number, a list, an object
making.py        drafts put into all outputs of a row
scoring.py       probes scored, as shares of the right answer's score
"""
