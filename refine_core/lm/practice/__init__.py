"""The built-in practice model: no network, no key, no cost, and never to be taken for a real one.

It sees what a real model sees, messages and parameters, and nothing else.

    reading      messages -> what is asked: inputs, outputs and their types, the hint
    wishes       a hint's words -> wishes that can be measured on any text
    things       order numbers, dates, amounts: what texts name and hints ask for
    shapes       "list[str]", "Literal['a', 'b']" or a JSON schema -> the shape of a value
    sampling     logits and temperature -> a choice, repeatable by its seed
    knowledge    what it knows: candidate answers with their weights
    improvise    candidate answers for whatever it does not know
    rewardcode   a reward's source -> what it asks of each field
    advise       reward and trajectory -> a discussion, and advice for each module
    replying     values -> the text of the reply, whole or broken
    model        PracticeLM
"""

from refine_core.lm.practice.model import PracticeLM

__all__ = ["PracticeLM"]
