"""The checks that need to know what the values are, which is found out once."""

from __future__ import annotations

from collections.abc import Iterator

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding
from refine_core.rewards.checks.float_tests import check_float_tests
from refine_core.rewards.checks.inference import infer_kinds
from refine_core.rewards.checks.shapes.fields import check_shape_fields
from refine_core.rewards.checks.text_tests import check_text_tests


def check_value_tests(*codes: Code) -> Iterator[Finding]:
    """`in` on text, `==` on floats, and what functions for other frameworks are not given. codes: the reward functions of one tree."""
    kinds = infer_kinds(*codes)
    for code in codes:
        yield from check_shape_fields(code, kinds)
    yield from check_text_tests(codes[0], kinds)
    yield from check_float_tests(codes[0], kinds)
