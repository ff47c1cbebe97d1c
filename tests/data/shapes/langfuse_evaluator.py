class Evaluation:  # as langfuse's own
    def __init__(self, *, name, value, comment=None):
        self.name, self.value, self.comment = name, value, comment


def accuracy_evaluator(*, input, output, expected_output, metadata, **kwargs):
    if expected_output and expected_output.lower() in output.lower():
        return Evaluation(name="accuracy", value=1.0, comment="Correct answer found")
    return Evaluation(name="accuracy", value=0.0, comment="Incorrect answer")
