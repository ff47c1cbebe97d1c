import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def get_length_reward(target=1):
    @logged
    def length_reward(completions, **kwargs):
        return [1.0 if len(one.split()) == target else 0.0 for one in completions]

    return length_reward


length_of_two = get_length_reward(2)
