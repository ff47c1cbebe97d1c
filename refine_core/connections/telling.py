"""What a reply tells of a connection, a verdict and its words for each thing that can be seen by it."""

from __future__ import annotations

from refine_core.connections import blame
from refine_core.connections.findings import Verdict
from refine_core.formatting import format_cost
from refine_core.lm import Reply
from refine_core.lm.streaming import Along
from refine_core.spec import ModelSpec

Told = tuple[Verdict, str]


def parameters(model: ModelSpec, untempered: tuple[str, ...]) -> Told:
    """Those that were set were taken. untempered: ("temperature",) where the model takes none, else ()."""
    names = [name for name in blame.parameters(model) if name not in untempered]
    words = f"Accepted: {', '.join(names)}." if names else "None was sent."
    if untempered:
        words += " The temperature is left out: this model takes none but its own."
    return "works", words


def text(reply: Reply) -> Told:
    """Whether there is a text, and all of it."""
    if not reply.text.strip():
        return "fails", "The reply was empty. Allow longer replies (max_tokens), or choose another model."
    if reply.finish_reason == "length":
        words = "It replied, but was cut off by the limit of tokens. Allow longer replies (max_tokens) for real work."
        return "works", words
    return "works", "It replied."


def streaming(reply: Reply, along: Along) -> Told:
    """Whether it can be read while it is written. along: who read along."""
    if any(text and text != reply.text for text in along.texts):
        return "works", "The reply could be read while it was written."
    if along.streamed:
        return "works", "The reply came as a stream, though in one piece, as short ones may."
    if along.streamed is None:
        return "unknown", "The reply came in one piece, so this does not show whether replies are streamed."
    return "lacks", "The server does not stream. Each reply is shown once all of it is there."


def tokens(reply: Reply) -> Told:
    """Whether they are counted."""
    sent, received = reply.usage.prompt_tokens, reply.usage.completion_tokens
    if sent is None or received is None:
        return (
            "unknown",
            "The server does not say how many tokens it took, so a budget cannot be kept with it.",
        )
    return "works", f"The server counts tokens: {sent} sent, {received} received."


def price(reply: Reply, model: ModelSpec) -> Told:
    """What it cost, or how that can be known."""
    if model.price_in_usd is not None and model.price_out_usd is not None:
        each = f"${model.price_in_usd:g} for a million tokens sent, ${model.price_out_usd:g} for a million received"
        return "works", f"Reckoned by the prices that you gave: {each}."
    if reply.cost_usd is None:
        return "unknown", "No price is known. Type the prices of a million tokens to see what calls cost."
    cost = f"cost {format_cost(reply.cost_usd)}" if reply.cost_usd else "was free"
    return "works", f"This request {cost}, by litellm's table of prices."
