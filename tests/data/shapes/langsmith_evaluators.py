def correct(outputs: dict, reference_outputs: dict) -> dict:
    return {"key": "correct", "score": outputs["answer"].endswith(reference_outputs["answer"]), "comment": "by its end"}


def concision(inputs: dict, outputs: dict) -> bool:
    """Whether the answer is at most twice as long as the question."""
    return len(outputs["answer"]) <= 2 * len(inputs["question"])
