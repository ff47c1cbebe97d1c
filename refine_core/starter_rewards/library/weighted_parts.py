def reward(args, pred):
    """Three things, each with a weight; the feedback names what was lost. Nothing is earned by an empty output."""
    text = str(pred.answer).strip()
    words = text.lower().split()
    parts = {  # what: (weight, earned)
        "at most 30 words": (0.4, 0 < len(words) <= 30),
        "ends with a full stop": (0.3, text.endswith(".") and len(words) > 2),
        "no filler words": (0.3, len(words) > 2 and not {"very", "really", "basically"} & set(words)),
    }
    lost = [name for name, (_, earned) in parts.items() if not earned]
    return Score(
        sum(weight for weight, earned in parts.values() if earned),
        feedback="lost: " + (", ".join(lost) or "nothing"),
        parts={name: weight * earned for name, (weight, earned) in parts.items()},
    )
