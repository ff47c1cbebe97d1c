"""The built-in practice model: no network, no key, no cost, and not a language model.

It receives what a real model receives, messages and parameters, and nothing else.

    request         messages -> inputs, outputs and their types, the hint
    values          the JSON schema of a field -> whether a value fits it, and candidates where nothing is known
    wishes          the words of a hint -> wishes: what each measures, and how it edits a text; texts: how texts are changed
    things          order numbers, dates, amounts: what texts name and hints ask for
    sampling        logits and temperature -> a choice, repeatable by its seed
    weights         files of what it knows; knowledge: the candidate answers of the first entry that fits
    outputs         candidates, weighed by the wishes, drawn
    reward_reading  a reward's source -> what it pays for, each a sentence in the words of a hint
    advice          reward and trajectory -> a discussion, and advice for each module
    reply_text      values -> the text of the reply, whole or broken
    model           PracticeLM
"""

from refine_core.practice.model import PracticeLM
from refine_core.practice.weights import FILE, WeightsError, learn, read_weights, unlearn

__all__ = ["FILE", "PracticeLM", "WeightsError", "learn", "read_weights", "unlearn"]
