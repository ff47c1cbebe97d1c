def scorer(metrics):  # as inspect_ai's own decorator
    return lambda factory: factory


class Score:
    def __init__(self, value, answer=None, explanation=None):
        self.value, self.answer, self.explanation = value, answer, explanation


@scorer(metrics=["accuracy"])
def includes(ignore_case: bool = True):
    async def score(state, target):
        answer = state.output.completion
        correct = target.text.lower() in answer.lower() if ignore_case else target.text in answer
        return Score(value="C" if correct else "I", answer=answer, explanation=f"looked for {target.text}")

    return score
