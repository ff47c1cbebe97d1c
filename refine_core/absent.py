"""The names of dspy that are not here, so that an AttributeError can say so. docs/dspy.md has the whole table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

DOCUMENT = "docs/dspy.md"

_BY_REASON: Mapping[str, tuple[str, ...]] = {
    "agents and tools are out of scope": ("ReAct", "Tool", "ToolCalls", "CodeAct", "ProgramOfThought", "PythonInterpreter", "Code",
        "ReActV2", "RLM", "CodeInterpreter", "CodeInterpreterError", "CodeExecutionError", "LocalInterpreter", "FinalOutput",
        "SandboxSerializable", "ToolCallResults", "resolve_interpreter_factory"),
    "images, audio and files are out of scope": ("Image", "Audio", "File"),
    "inputs and outputs have Python's own types and pydantic's": ("Type", "Reasoning", "Flex", "Document", "Citations"),
    "optimisers are out of scope": (
        "BootstrapFewShot", "BootstrapFewShotWithRandomSearch", "BootstrapRS", "BootstrapFinetune", "BetterTogether", "COPRO",
        "Ensemble", "GEPA", "InferRules", "KNN", "KNNFewShot", "LabeledFewShot", "MIPROv2", "SIMBA", "AvatarOptimizer",
        "Teleprompter", "GRPO", "BootstrapFewShotWithOptuna", "teleprompt", "propose", "bootstrap_trace_data", "datasets",
    ),
    "training is out of scope": ("Provider", "TrainingJob"),
    "retrieval is out of scope": (
        "Retrieve", "ColBERTv2", "Embedder", "Embeddings", "EmbeddingsWithScores", "Embedding", "retrievers", "retrieve",
    ),
    "evaluation is out of scope; score a batch with Module.batch": ("Evaluate", "evaluate", "SemanticF1", "CompleteAndGrounded"),
    "assertions are replaced by Refine": ("Assert", "Suggest", "assert_transform_module", "Retry", "assertions"),
    "streams of tokens are shown by the app only": ("streamify", "streaming"),
    "write `await module.acall(…)`": ("asyncify",),
    "call the module; what is async in it is awaited": ("syncify",),
    "write Predict or ChainOfThought": (
        "MultiChainComparison", "TypedPredictor", "TypedChainOfThought", "majority", "ChainOfThoughtWithHint",
    ),
    "write Module": ("Program", "BaseModule", "ProgramMeta"),
    "write Signature": ("SignatureMeta",),
    "write InputField or OutputField": ("OldField", "OldInputField", "OldOutputField"),
    "write ScriptedLM": ("DummyLM",),
    "what it holds of the public names is in refine_core itself": (
        "adapters", "clients", "dsp", "predict", "primitives", "signatures", "utils",
    ),
    "write ChatAdapter or JSONAdapter": ("TwoStepAdapter", "XMLAdapter", "BAMLAdapter"),
    "write configure_cache(…)": ("cache", "DSPY_CACHE"),
    "use the module logging": (
        "enable_logging", "disable_logging", "enable_litellm_logging", "disable_litellm_logging", "configure_dspy_loggers",
    ),
    "catch ParseError": ("AdapterParseError",),
    "catch RefineError": ("DSPyError",),
    "catch litellm's own; ours are subclasses": ("ContextWindowExceededError",),
    "the errors of models are LMError and its subclasses in refine_core.errors": (
        "LMAuthError", "LMBillingError", "LMConfigurationError", "LMInvalidRequestError", "LMNotConfiguredError",
        "LMProviderError", "LMRateLimitError", "LMServerError", "LMTimeoutError", "LMTransportError", "LMUnexpectedError",
    ),
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
