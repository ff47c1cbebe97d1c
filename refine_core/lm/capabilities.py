"""What litellm knows about a model: its provider, and the parameters that it supports."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def find_provider(litellm: Any, model: str, api_base: str | None, chosen: str | None) -> str | None:
    """The provider to tell litellm, by litellm's name; None where the model's name includes it.

    chosen: by a person. A server of one's own speaks OpenAI's protocol, unless its model's name says otherwise.
    """
    is_named = "/" in model and model.partition("/")[0] in litellm.provider_list
    return chosen or ("openai" if api_base is not None and not is_named else None)


@lru_cache(maxsize=1024)
def supports(litellm: Any, model: str, provider: str | None, param: str, effort: str | None) -> bool:
    """Whether litellm would send the parameter. It has a class for each family of models.

    effort: the reasoning_effort of the call, if any; some models support a temperature only without reasoning.
    """
    if provider is None:
        try:
            model, provider = litellm.get_llm_provider(model=model)[:2]
        except litellm.exceptions.BadRequestError:  # an unknown model: the call itself will report it
            return param == "temperature"
    listed = litellm.get_supported_openai_params(model=model, custom_llm_provider=provider)
    if listed is not None and param not in listed:
        return False
    if param != "temperature":
        return listed is not None
    options = {"reasoning_effort": effort} if effort else {}
    try:  # reasoning models list it, and refuse any value but 1
        litellm.utils.get_optional_params(
            model=model, custom_llm_provider=provider, temperature=0.5, **options
        )
    except litellm.exceptions.UnsupportedParamsError:
        return False
    return True
