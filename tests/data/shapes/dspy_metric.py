def validate_answer(example, pred, trace=None):
    answer_match = example.answer.lower() == pred.answer.lower()
    if trace is None:  # if we're doing evaluation or optimization
        return answer_match
    return answer_match and len(pred.answer) < 10
