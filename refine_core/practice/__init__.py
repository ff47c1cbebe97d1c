"""The built-in practice model: no network, no key, no cost, and not a language model.

It receives what a real model receives, messages and parameters, and nothing else.

    request        messages -> inputs, outputs and their types, the hint
    wishes         the words of a hint -> wishes; wish: what each measures, and how it edits a text
    texts          counting and changing texts
    things         order numbers, dates, amounts: what texts name and hints ask for
    values         the JSON schema of a field -> whether a value fits it, and candidates where nothing is known
    sampling       logits and temperature -> a choice, repeatable by its seed
    weights        files of what it knows; knowledge: the candidate answers of the first entry that fits
    outputs        candidates, weighed by the wishes, drawn
    reward_checks  a reward's source -> the checks of each field; reward_parts: what its expressions mean
    advice         reward and trajectory -> a discussion, and advice for each module
    reply_text     values -> the text of the reply, whole or broken
    model          PracticeLM
"""

from refine_core.practice.model import PracticeLM
from refine_core.practice.weights import FILE, WeightsError, learn, read_weights, unlearn

__all__ = ["FILE", "PracticeLM", "WeightsError", "learn", "read_weights", "unlearn"]
