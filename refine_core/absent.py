"""What of dspy is not here, so that an AttributeError can say so. docs/dspy.md tells of it at length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

DOCUMENT = "docs/dspy.md"

_BY_REASON: Mapping[str, tuple[str, ...]] = {
    "agents and tools are out of scope": ("ReAct", "Tool", "ToolCalls", "CodeAct", "ProgramOfThought", "PythonInterpreter", "Code"),
    "images and audio are out of scope": ("Image", "Audio"),
    "optimisers are out of scope": (
        "BootstrapFewShot", "BootstrapFewShotWithRandomSearch", "BootstrapRS", "BootstrapFinetune", "BetterTogether", "COPRO",
        "Ensemble", "GEPA", "InferRules", "KNN", "KNNFewShot", "LabeledFewShot", "MIPROv2", "SIMBA", "AvatarOptimizer",
        "Teleprompter", "GRPO",
    ),
    "retrieval is out of scope": ("Retrieve", "ColBERTv2", "Embedder", "Embeddings", "Embedding", "retrievers"),
    "evaluation is out of scope; score a batch with Module.batch": ("Evaluate", "evaluate", "SemanticF1", "CompleteAndGrounded"),
    "assertions are replaced by Refine": ("Assert", "Suggest", "assert_transform_module", "Retry"),
    "streams of tokens are shown by the app only": ("streamify", "streaming"),
    "write `await module.acall(…)`": ("asyncify",),
    "write Predict or ChainOfThought": ("MultiChainComparison", "TypedPredictor", "TypedChainOfThought", "majority"),
    "write ChatAdapter or JSONAdapter": ("TwoStepAdapter", "XMLAdapter", "BAMLAdapter"),
    "write configure_cache(…)": ("cache",),
    "use the module logging": ("enable_logging", "disable_logging", "enable_litellm_logging", "disable_litellm_logging"),
}  # fmt: skip
ABSENT: Mapping[str, str] = {name: reason for reason, names in _BY_REASON.items() for name in names}
"""Name in dspy -> why it is not here, or what to write instead."""


def absence(name: str, public: Iterable[str]) -> str:
    """The message for a name that refine_core does not have. public: the names that it has."""
    if name in ABSENT:
        return f"refine_core has no {name!r}: {ABSENT[name]}; see {DOCUMENT}"
    from difflib import get_close_matches  # after a mistake only

    by_case = [one for one in public if one.lower() == name.lower()]
    close = by_case or get_close_matches(name, list(public), 1)
    return f"module 'refine_core' has no attribute {name!r}" + (
        f"; did you mean {close[0]!r}?" if close else ""
    )
