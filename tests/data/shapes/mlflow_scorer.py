def scorer(function):  # as mlflow.genai's own decorator
    return function


class Feedback:
    def __init__(self, value, rationale=None):
        self.value, self.rationale = value, rationale


@scorer
def exact_match(outputs: dict, expectations: dict) -> Feedback:
    same = outputs == expectations["answer"]
    return Feedback(value=same, rationale="the same text" if same else "another text")
