"""Sentences that explain an error of the reward's code where Python's own message does not."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator

SANDBOX = "Rewards run in a sandbox: no network, no other programs, no files but their own folder."

EXPLANATION_CHARS = 1_200  # at most

_LONGEST_CHAIN, _NAMED = 10, 3
# Packages whose name at the registry is another than the one to import.
_PACKAGES = {
    "PIL": "pillow", "attr": "attrs", "bs4": "beautifulsoup4", "cv2": "opencv-python", "dateutil": "python-dateutil",
    "docx": "python-docx", "inspect_ai": "inspect-ai", "dotenv": "python-dotenv", "fitz": "pymupdf", "jwt": "pyjwt", "Levenshtein": "levenshtein",
    "magic": "python-magic", "rouge_score": "rouge-score", "sacrebleu": "sacrebleu",
    "sentence_transformers": "sentence-transformers", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "slugify": "python-slugify", "yaml": "pyyaml",
}  # fmt: skip


def explain_error(error: BaseException, refusals: list[str], *, confined: bool) -> str:
    """Sentences to follow the error's message; "" where there is nothing to add.

    refusals: what the sandbox refused before. confined: whether it refuses anything on this system.
    """
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _explain_missing_module(error.name)
    if not confined:
        return ""
    chain = list(_iter_causes(error))
    if any(isinstance(one, OSError) and one.errno in {errno.EPERM, errno.EACCES} for one in chain):
        return SANDBOX
    if refusals:
        return (
            SANDBOX
            if isinstance(error, OSError)
            else f"The sandbox had refused: {'; '.join(refusals[:_NAMED])}. {SANDBOX}"
        )
    return ""


def join_sentences(text: str, more: str) -> str:
    """Two sentences in a row, the first of them perhaps without its full stop."""
    return text if not more else f"{text}{'' if text.endswith(('.', '!', '?')) else '.'} {more}"


def _explain_missing_module(name: str) -> str:
    top = name.partition(".")[0]
    if top == "refine_core":
        from refine_core.rewards.restricted_library import AVAILABLE_NAMES

        return AVAILABLE_NAMES
    if top in sys.stdlib_module_names:
        return "This Python comes without it."
    if top != name and top in sys.modules:
        return f"The installed {top} has no such module."
    return (
        f"A reward can import only packages of the Python that runs Refinescope. Install it there: "
        f"pip install {_PACKAGES.get(top, top)[:100]}"
    )


def _iter_causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and its causes."""
    following: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if following is None:
            return
        yield following
        following = following.__cause__ or following.__context__
