from typing import Any, Dict, Union


def get_assert(output: str, context) -> Union[bool, float, Dict[str, Any]]:
    print("Prompt:", context["prompt"])
    print("Vars", context["vars"]["question"])

    # You can return GradingResult with score and reason
    return {
        "pass": context["vars"]["answer"] in output,
        "score": 0.6,
        "reason": "Looks good to me",
        "namedScores": {"answer_similarity": 0.12, "answer_correctness": 0.34},
        "componentResults": [
            {"pass": True, "score": 0.5, "reason": "first"},
            {"pass": True, "score": 0.7, "reason": "second"},
        ],
    }
