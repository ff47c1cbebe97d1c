"""What an adapter is: it writes prompts and reads replies, and keeps no state.

format(signature, demos, inputs) -> messages
params(signature, supports)      -> parameters for the model, beside the caller's own; `alternatives` where they are refused
parse(signature, reply)          -> outputs, or ParseError; then, and only then, `fallback` may try
"""

# ruff: noqa: ARG002 - the hooks of the base take what their overrides use

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from refine_core.adapters.ask_with_fallback import complete_for_call, request_for_call
from refine_core.adapters.types import Messages
from refine_core.concurrency.flows import arun, run
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import is_optional

NOT_SUPPLIED = "Not supplied for this example."
INCOMPLETE = "This is an example of the task; some of its fields are not supplied."

# Hooks of dspy's adapters, of 2.6.23 and of other versions, that nothing here calls, and what to override instead.
_UNCALLED: Mapping[str, str] = {
    "format_field_with_value": "format_user_message_content and format_assistant_message_content",
    "format_conversation_history": "format",
    "format_finetune_data": "format",
    "format_turn": "format_user_message_content and format_assistant_message_content",
    "format_fields": "format_user_message_content and format_assistant_message_content",
    "format_system_message": "format_field_description, format_field_structure and format_task_description",
    "prepare_instructions": "format_field_structure",
    "_call_preprocess": "__call__",
    "_call_postprocess": "__call__",
    "_call_post_process": "__call__",
    "_get_history_field_name": "format",
}


class Adapter:
    """Derive from it and write `__call__`, or `parse` and `format` (or its parts); hand it over with `configure(adapter=…)`.

    Every method below may be overridden, `__call__` and `acall` too: a predictor calls the adapter as 2.6.23 does.
    callbacks: notified of each format and each parse. fallback: the adapter that asks once more where a reply cannot be read;
    None for none. learns: whether a model that kept the fallback's format alone is asked in that one first from then on,
    by this process. Raises: ParseError from `parse` for a reply that lacks what its signature promised; TypeError for a
    subclass that overrides a hook of dspy's which is never called here. Source: dspy.Adapter, version 2.6.23.
    """

    callbacks: Sequence[Any] = ()
    fallback: Adapter | None = None
    learns: bool = False
    returns_all_outputs: bool = False
    """Whether `parse` is known to return every output; of a class that does not say so itself, each result is checked."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.returns_all_outputs = vars(cls).get("returns_all_outputs", False)
        for name, instead in _UNCALLED.items():
            if name in vars(cls):
                raise TypeError(
                    f"{cls.__name__}.{name} would never be called here; override {instead} instead"
                )

    def __init__(self, callbacks: Sequence[Any] | None = None) -> None:
        self.callbacks = list(callbacks or ())

    def __call__(
        self,
        lm: Any,
        lm_kwargs: Mapping[str, Any],
        signature: type[Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        """Ask `lm` and read its replies: the outputs by name, one dict a reply. lm_kwargs: parameters of this call alone.

        Raises: LMError; ParseError where the fallback's reply cannot be read either.
        """
        return run(complete_for_call(request_for_call(lm, lm_kwargs, signature, demos, inputs), self))

    async def acall(
        self,
        lm: Any,
        lm_kwargs: Mapping[str, Any],
        signature: type[Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        """`__call__` for async code."""
        return await arun(complete_for_call(request_for_call(lm, lm_kwargs, signature, demos, inputs), self))

    def format(
        self, signature: type[Signature], demos: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]
    ) -> Messages:
        """What to send: a system message, the demos as turns, then the real inputs.

        demos: worked examples, field name -> value. inputs: field name -> value, checked already.
        """
        fields, structure = self.format_field_description(signature), self.format_field_structure(signature)
        system = _join_system(fields, structure, self.format_task_description(signature))
        request = self.format_user_message_content(signature, inputs, main_request=True)
        turns = self.format_demos(signature, demos) if demos else ()
        return [{"role": "system", "content": system}, *turns, {"role": "user", "content": request}]

    def format_field_description(self, signature: type[Signature]) -> str:
        """What the fields are, for the system message."""
        raise self._lacks("format_field_description")

    def format_field_structure(self, signature: type[Signature]) -> str:
        """How messages and replies are laid out, for the system message."""
        raise self._lacks("format_field_structure")

    def format_task_description(self, signature: type[Signature]) -> str:
        """The objective, for the system message."""
        raise self._lacks("format_task_description")

    def format_user_message_content(
        self,
        signature: type[Signature],
        inputs: Mapping[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """Inputs as a message. prefix, suffix: text around them. main_request: they are the real ones, not a demo's."""
        raise self._lacks("format_user_message_content")

    def format_assistant_message_content(
        self,
        signature: type[Signature],
        outputs: Mapping[str, Any],
        missing_field_message: str | None = None,
    ) -> str:
        """Outputs as a model would write them. missing_field_message: the text for an output that is missing."""
        raise self._lacks("format_assistant_message_content")

    def user_message_output_requirements(self, signature: type[Signature]) -> str | None:
        """Which fields the reply must hold; the end of the request. None for nothing."""
        return None

    def format_demos(self, signature: type[Signature], demos: Sequence[Mapping[str, Any]]) -> Messages:
        """The usable demos as turns, those that lack a field first.

        A demo that lacks a field is used if it has at least one input and one output.
        """
        complete: Messages = []
        incomplete: Messages = []
        fields = signature.fields
        for demo in demos:
            there = {f.role for name, f in fields.items() if name in demo}
            if all(n in demo and (demo[n] is not None or is_optional(f.type)) for n, f in fields.items()):
                turns, prefix = complete, ""
            elif there == {"input", "output"}:
                turns, prefix = incomplete, INCOMPLETE
            else:
                continue
            request = self.format_user_message_content(signature, demo, prefix=prefix)
            reply = self.format_assistant_message_content(signature, demo, missing_field_message=NOT_SUPPLIED)
            turns += [{"role": "user", "content": request}, {"role": "assistant", "content": reply}]
        return [*incomplete, *complete]

    def parse(self, signature: type[Signature], completion: str) -> dict[str, Any]:
        """The outputs in `completion`, by name, in the signature's order. Raises ParseError, or another error of yours."""
        raise self._lacks("parse", "__call__")

    def is_whole(self, signature: type[Signature], completion: str) -> bool:
        """Whether a reply that was cut off, by the token limit for instance, nevertheless has every output complete."""
        return False

    def _lacks(self, hook: str, instead: str = "format") -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {hook}; define it, or {instead}")

    def params(self, signature: type[Signature], supports: Callable[[str], bool]) -> Mapping[str, object]:
        """Parameters that help the model to reply in this format. supports: whether the model knows a parameter."""
        del signature, supports
        return {}

    def alternatives(
        self, signature: type[Signature], supports: Callable[[str], bool]
    ) -> Sequence[Mapping[str, object]]:
        """`params` first, then what to send instead where a server refuses the reply format before it."""
        params = self.params(signature, supports)
        if "response_format" not in params:
            return (params,)
        return (params, {name: value for name, value in params.items() if name != "response_format"})


@lru_cache(maxsize=64)  # every attempt sends the same, and the history keeps one text for all of its calls
def _join_system(fields: str, structure: str, task: str) -> str:
    return f"{fields}\n{structure}\n{task}"
