"""Limits on a reward: its memory unless told otherwise, and what it may return; the runner accepts nothing beyond.

Its time is REWARD_TIMEOUT_S in refine_core.spec.limits.
"""

MEMORY_BYTES = 1 << 30  # of address space
STDOUT_CHARS = 64_000  # kept of what it prints; the rest is counted
FEEDBACK_CHARS, MESSAGE_CHARS = 64_000, 4_000
MARGIN_CHARS = 100  # for the words that say how much was left out
PARTS, NAME_CHARS = 1_000, 200  # a part's name, an exception's, a function's
FRAMES, LINES = 20, 10_000_000
JUDGE_VALUES, JUDGE_DEPTH = 20_000, 110  # of one call's inputs
JUDGE_UNORDERED = 500  # members of a set, or of a dict with other keys than text
REFUSALS, REFUSAL_CHARS = 10, 300  # what the sandbox refused while one score was made
FILE_BYTES, FOLDER_BYTES = 16 << 20, 64 << 20  # of one file in its folder, and of the whole
RULES = 100  # that are checked after the reward
REPLY_BYTES = 2 << 20  # one frame of the worker, whatever it says
REPLY_BRACKETS = 150_000  # in it, texts included: each may be a list to be made
ROW_TEXT_CHARS = 4_000  # feedback, output and error message of one row among many
ROWS_FRAME_BYTES, ROWS_BYTES = 4 << 20, 512 << 20  # rows on their way to the worker: one frame, and all
RESULTS_BYTES = 1 << 20  # of results in one frame, about
