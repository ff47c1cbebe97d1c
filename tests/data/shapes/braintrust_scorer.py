def exact_match(input, output, expected):
    if expected is None:
        return None
    return {"name": "exact_match", "score": 1 if output == expected else 0, "metadata": {"rationale": "compared as text"}}
