# Math-specific reward function; it returns None for rows of another task.
def math_reward_func(prompts, completions, task, log_extra=None, **kwargs):
    rewards = []
    for prompt, completion, t in zip(prompts, completions, task):
        if t == "math":
            rewards.append(1.0 if completion == str(eval(prompt)) else 0.0)
        else:
            rewards.append(None)
    if log_extra:
        log_extra("task", task)
    return rewards
