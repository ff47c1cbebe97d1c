"""What litellm knows of a model beforehand: whose it is, and which parameters it takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def provider_of(litellm: Any, model: str, api_base: str | None, given: str | None) -> str | None:
    """The provider by litellm's name, where it must be told; None where the model's own name says it.

    given: by the person who chose the model. A server of one's own speaks OpenAI's protocol, unless its model says other.
    """
    named = "/" in model and model.partition("/")[0] in litellm.provider_list
    return given or ("openai" if api_base is not None and not named else None)


@lru_cache(maxsize=1024)
def supports(litellm: Any, model: str, provider: str | None, param: str, effort: str | None) -> bool:
    """What litellm would do with the parameter; the knowledge is in its classes, one a family of models.

    effort: the reasoning_effort that is asked for, if any; some models take a temperature if they need not reason.
    """
    if provider is None:
        try:
            model, provider = litellm.get_llm_provider(model=model)[:2]
        except litellm.exceptions.BadRequestError:  # nobody's model: the call itself will say so
            return param == "temperature"
    listed = litellm.get_supported_openai_params(model=model, custom_llm_provider=provider)
    if listed is not None and param not in listed:
        return False
    if param != "temperature":
        return listed is not None
    given = {"reasoning_effort": effort} if effort else {}
    try:  # reasoning models list it, and refuse any value but 1
        litellm.utils.get_optional_params(model=model, custom_llm_provider=provider, temperature=0.5, **given)
    except litellm.exceptions.UnsupportedParamsError:
        return False
    return True
