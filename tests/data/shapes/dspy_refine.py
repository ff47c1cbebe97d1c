def one_word_answer(args, pred):
    return 1.0 if len(pred.answer.split()) == 1 else 0.0
