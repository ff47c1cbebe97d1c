def reward(args, pred):
    if pred.answer.strip().lower() == args['answer'].lower():
        return 1.0
    return 0.0
