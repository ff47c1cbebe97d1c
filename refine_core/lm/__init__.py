"""Models: what they share, a scripted one for tests, and real ones over litellm.

base      Message in, Reply out; the class every model derives from
scripted  replies written down beforehand
remote    any provider or OpenAI-compatible server, over litellm
faults    litellm's exceptions in our words, with the key kept out
practice  the built-in practice model: offline, and no language model
ask       one question to a model, told as events
connect   from a description of a model to the model
"""

from refine_core.lm.base import BaseLM, Message, OnRetry, Reply, Usage
from refine_core.lm.practice import PracticeLM
from refine_core.lm.remote import LM, litellm_ready, warm
from refine_core.lm.scripted import ScriptedLM

__all__ = [
    "LM",
    "BaseLM",
    "Message",
    "OnRetry",
    "PracticeLM",
    "Reply",
    "ScriptedLM",
    "Usage",
    "litellm_ready",
    "warm",
]
