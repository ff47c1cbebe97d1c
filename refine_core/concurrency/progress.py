"""The progress bar of a pool: one line on stderr, drawn by the thread that waits."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

TERMINAL_S, FILE_S = 0.1, 10.0
"""How often the bar is drawn again: on a terminal; in a file or a pipe, which keeps every drawing."""


class ProgressBar:
    """`with ProgressBar(total, shown=True) as bar: bar.update(3)`. shown: False draws nothing and imports nothing."""

    def __init__(self, total: int, *, shown: bool) -> None:
        self._total, self._shown = total, shown
        self._on_terminal = False
        self._bar: Any = None

    def __enter__(self) -> Self:
        if self._shown and self._total and sys.stderr is not None:
            from tqdm.std import tqdm  # type: ignore[import-untyped]  # it ships no types

            self._on_terminal = sys.stderr.isatty()
            self._bar = tqdm(
                total=self._total,
                desc=self._description(0),
                file=sys.stderr,
                dynamic_ncols=True,
                miniters=1,
                mininterval=TERMINAL_S if self._on_terminal else FILE_S,
            )
        return self

    def __exit__(self, *_: object) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def update(self, n_done: int) -> None:
        """Show that `n_done` calls have ended; drawn at once only if it was not drawn lately."""
        if self._bar is not None and n_done > self._bar.n:
            self._bar.set_description_str(self._description(n_done), refresh=False)
            self._bar.update(n_done - self._bar.n)

    def cleared(self) -> AbstractContextManager[Any]:
        """Take the bar off the terminal while something else is written there."""
        bar = self._bar
        return (
            bar.external_write_mode(file=bar.fp) if bar is not None and self._on_terminal else nullcontext()
        )

    def _description(self, n_done: int) -> str:
        return f"Processed {n_done} / {self._total} examples"
