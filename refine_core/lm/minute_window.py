"""What a model was asked within the last minute: requests or tokens, and when there is room for more. Moments are in seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

MINUTE_S: Final = 60.0


@dataclass(slots=True)
class Entry:
    """What one call used, and when."""

    at: float
    amount: float


class MinuteWindow:
    """What was used within the last minute."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._total = 0.0

    def room_at(self, amount: float, most: int | None, now: float) -> float:
        """When so much more may be used. More than ever fits in a minute is let through once nothing else counts."""
        if most is None:
            return now
        while self._entries and self._entries[0].at + MINUTE_S <= now:
            self._total -= self._entries.popleft().amount
        left, at = self._total, now
        for entry in self._entries:
            if left + amount <= most:
                break
            left -= entry.amount
            at = entry.at + MINUTE_S
        return at

    def add(self, amount: float, most: int | None, now: float) -> Entry | None:
        """Use so much now. Returns the entry, for `change`; None without a limit."""
        if most is None:
            return None
        entry = Entry(now, amount)
        self._entries.append(entry)
        self._total += amount
        return entry

    def change(self, entry: Entry | None, amount: float) -> None:
        """It was so much, in truth."""
        if entry is not None and self._entries and entry.at >= self._entries[0].at:
            self._total += amount - entry.amount
            entry.amount = amount
