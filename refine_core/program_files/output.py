"""What a process printed, as a terminal would show it: the newest of it, without the codes that colour or move it."""

from __future__ import annotations

import re
from typing import Final

MAX_CHARACTERS: Final = 100_000
_CODES: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_LEFT_OUT: Final = "… earlier output is left out …\n"


class Output:
    """A text that grows at its end and stays short. Not safe from several threads at once."""

    def __init__(self) -> None:
        self._text = ""
        self._left_out = False

    def add(self, text: str) -> None:
        """Take more of it. A carriage return begins the line anew, as progress bars do."""
        text = _CODES.sub("", text).replace("\r\n", "\n")
        if "\r" in text:
            begun, _, last = self._text.rpartition("\n")
            text = "\n".join(_after_returns(line) for line in f"{last}{text}".split("\n"))
            self._text = f"{begun}\n" if begun else ""
        self._text += text
        if len(self._text) > MAX_CHARACTERS:
            self._left_out = True
            kept = self._text[-MAX_CHARACTERS * 3 // 4 :]
            self._text = kept.partition("\n")[2] or kept

    def add_line(self, text: str) -> None:
        """Take a line of its own."""
        self.add(f"{'' if self._text.endswith(chr(10)) or not self._text else chr(10)}{text}\n")

    @property
    def text(self) -> str:
        """All that is kept."""
        return f"{_LEFT_OUT if self._left_out else ''}{self._text}"


def _after_returns(line: str) -> str:
    """What a terminal shows of a line that was begun again; one that was just begun again still shows the old text."""
    parts = line.split("\r")
    return next((part for part in reversed(parts) if part), "")
