"""Programs of other libraries, as runs here.

    from refine_core.interop import dspy_recorder
    dspy.configure(callbacks=[dspy_recorder()])         every dspy.Refine and dspy.BestOfN from now on is a run
    with dspy_recorder(): …                             those of a block

dspy_recording/   a callback of dspy's, and what it makes of what it is told
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refine_core.interop.dspy_recording.recorder import DspyRecorder

__all__ = ["dspy_recorder"]


def dspy_recorder(home: str | Path | None = None) -> DspyRecorder:
    """A callback for dspy (2.6.23 or newer) that records every Refine and BestOfN as a run.

    home: the data folder; None for the one that the app uses. Nothing that goes wrong here reaches the program: it is logged,
    once, by the logger "refine_core". Raises ImportError where there is no dspy, or an older one.
    """
    from refine_core.interop.dspy_recording.recorder import DspyRecorder

    return DspyRecorder(home=Path(home) if home is not None else None)
