from typing import Any


def grade(sample: dict[str, Any], item: dict[str, Any]) -> float:
    from rapidfuzz import fuzz, utils

    output_text = sample["output_text"]
    reference_answer = item["reference_answer"]
    return fuzz.WRatio(output_text, reference_answer, processor=utils.default_process) / 100.0
