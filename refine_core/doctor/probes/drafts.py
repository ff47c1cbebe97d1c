"""A probe before it is put into the outputs of a row."""

from __future__ import annotations

from typing import Literal, NamedTuple

Claim = Literal["nothing", "wrong", "mention", "right"]
"""What one knows of a text: no answer is in it; it is another answer; it only names the right one; it is the right one, written differently."""


class Draft(NamedTuple):
    """An output to try.

    name: in a few words. family: probes that show the same fault. output: of the probed field.
    is_strong: of a right answer, whether refusing it is plainly wrong.
    """

    name: str
    claim: Claim
    family: str
    output: object
    is_strong: bool = False
