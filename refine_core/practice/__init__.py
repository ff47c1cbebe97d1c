"""The built-in practice model: no network, no key, no cost, and never to be taken for a real one.

It sees what a real model sees, messages and parameters, and nothing else.

    reading      messages -> what is asked: inputs, outputs and their types, the hint
    wishes       a hint's words -> wishes; wish: what each measures and how it would change a text
    texts        what can be counted and changed in a text
    things       order numbers, dates, amounts: what texts name and hints ask for
    shapes       "list[str]", "Literal['a', 'b']" or a JSON schema -> the shape of a value
    sampling     logits and temperature -> a choice, repeatable by its seed
    knowledge    what it knows: candidate answers with their weights
    improvise    candidate answers for whatever it does not know
    answer       candidates, weighed by the wishes, drawn
    rewardcode   a reward's source -> what it asks of each field; rewardnames: what its names stand for
    advise       reward and trajectory -> a discussion, and advice for each module
    replying     values -> the text of the reply, whole or broken
    model        PracticeLM
"""

from refine_core.practice.model import PracticeLM

__all__ = ["PracticeLM"]
