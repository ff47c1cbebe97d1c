import json

KEYS = ("name", "date")


def reward(args, pred):
    """0 if the output is no JSON object; else the share of KEYS that have a value."""
    try:
        data = json.loads(str(pred.answer))
    except ValueError as error:
        return Score(0.0, feedback=f"not JSON: {error}")
    if not isinstance(data, dict):
        return Score(0.0, feedback="JSON, but no object")
    missing = [key for key in KEYS if data.get(key) in (None, "")]
    return Score(1 - len(missing) / len(KEYS), feedback=f"missing: {', '.join(missing) or 'nothing'}")
