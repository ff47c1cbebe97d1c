def reward_func(queries, prompts, labels):
    # queries is prompts + responses; labels is answers
    rewards = []
    for query, prompt, label in zip(queries, prompts, labels):
        rewards.append(1.0 if query[len(prompt):].strip().endswith(label) else 0.0)
    return {"rewards": rewards, "scores": rewards, "extra_logs": {"dummy_scores": rewards}}
