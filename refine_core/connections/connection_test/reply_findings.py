"""What a reply shows about a connection: a verdict and its words for each subject."""

from __future__ import annotations

from refine_core.connections.connection_test.refusals import list_params
from refine_core.connections.connection_test.report import Verdict
from refine_core.formatting import format_cost
from refine_core.lm import Reply
from refine_core.lm.streaming import StreamObserver
from refine_core.spec import ModelSpec

Result = tuple[Verdict, str]


def check_params(model: ModelSpec, left_out: tuple[str, ...]) -> Result:
    """The parameters that were accepted. left_out: ("temperature",) where the model supports none, else ()."""
    names = [name for name in list_params(model) if name not in left_out]
    words = f"Accepted: {', '.join(names)}." if names else "None sent."
    if left_out:
        words += " The temperature is left out: this model accepts only its own."
    return "works", words


def check_text(reply: Reply) -> Result:
    """Whether the reply has a text, and a complete one."""
    if not reply.text.strip():
        return "fails", "The reply was empty. Raise max tokens, or choose another model."
    if reply.finish_reason == "length":
        words = "It replied, but the reply was cut off at the token limit. Raise max tokens for real work."
        return "works", words
    return "works", "It replied."


def check_streaming(reply: Reply, observer: StreamObserver) -> Result:
    """Whether the reply can be read while it is written. observer: the listener to the stream."""
    if any(text and text != reply.text for text in observer.texts):
        return "works", "The reply could be read while it was written."
    if observer.streamed:
        return "works", "The reply came as a stream, though in one piece, as short ones may."
    if observer.streamed is None:
        return "unknown", "The reply came in one piece, so this does not show whether replies are streamed."
    return "lacks", "The server does not stream. Each reply is shown once it is complete."


def check_tokens(reply: Reply) -> Result:
    """Whether the server counts tokens."""
    sent, received = reply.usage.prompt_tokens, reply.usage.completion_tokens
    if sent is None or received is None:
        return (
            "unknown",
            "The server does not report token counts, so a budget cannot be kept with it.",
        )
    return "works", f"The server counts tokens: {sent} sent, {received} received."


def check_price(reply: Reply, model: ModelSpec) -> Result:
    """What the request cost, or how that can be known."""
    if model.price_in_usd is not None and model.price_out_usd is not None:
        each = f"${model.price_in_usd:g} per million input tokens, ${model.price_out_usd:g} per million output tokens"
        return "works", f"Calculated from your prices: {each}."
    if reply.cost_usd is None:
        return "unknown", "Price unknown. Enter the prices per million tokens to see what calls cost."
    cost = f"cost {format_cost(reply.cost_usd)}" if reply.cost_usd else "was free"
    return "works", f"This request {cost}, by litellm's price table."
