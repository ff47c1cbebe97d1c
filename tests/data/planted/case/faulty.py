def reward(args, pred):
    return 1.0 if pred.answer == args['answer'] else 0.0
