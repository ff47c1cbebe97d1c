"""A recorded run played step by step.

    records --list_steps--> Step, Step, …        prefix(records, step) --> the Timeline as it was at that step

A prefix of the log goes through the one fold that there is, so a played step is the run as it stood then, and nothing that
draws it can tell whether it is played or live.

steps      where each step ends                  captions   what happens in it, in words
playback   a run's prefixes, kept for stepping   guessing   rewards that wait for a guess
questions  what is asked before a reward is shown    slide     one moment for a room to see
"""

from refine_core.play.guessing import Gate, find_gate, scored_up_to
from refine_core.play.playback import Playback, prefix
from refine_core.play.questions import GuessRange, ask_for_guess, compare_guess
from refine_core.play.slide import Slide, build_slide
from refine_core.play.steps import Step, list_steps

__all__ = [
    "Gate",
    "GuessRange",
    "Playback",
    "Slide",
    "Step",
    "ask_for_guess",
    "build_slide",
    "compare_guess",
    "find_gate",
    "list_steps",
    "prefix",
    "scored_up_to",
]
