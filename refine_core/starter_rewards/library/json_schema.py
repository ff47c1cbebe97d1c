import json

SCHEMA = {
    "type": "object",
    "required": ["name", "age", "tags"],
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def list_faults(value, schema, path="it"):
    """What of a value does not fit. Knows type, enum, minimum, required, properties and items."""
    wanted = schema.get("type")
    is_bool = isinstance(value, bool) and wanted in ("integer", "number")
    if wanted and (is_bool or not isinstance(value, TYPES[wanted])):
        return [f"{path} must be of type {wanted}"]
    faults = []
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{path} must be one of {schema['enum']}")
    if "minimum" in schema and value < schema["minimum"]:
        faults.append(f"{path} must be at least {schema['minimum']}")
    if isinstance(value, dict):
        faults += [f"{path} lacks {key}" for key in schema.get("required", ()) if key not in value]
        for key, inner in schema.get("properties", {}).items():
            faults += list_faults(value[key], inner, key) if key in value else []
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value, 1):
            faults += list_faults(item, schema["items"], f"item {number} of {path}")
    return faults


def reward(args, pred):
    """1 if the output is JSON that fits SCHEMA; each fault takes a quarter."""
    try:
        data = json.loads(str(pred.answer))
    except ValueError as error:
        return Score(0.0, feedback=f"not JSON: {error}")
    faults = list_faults(data, SCHEMA)
    return Score(max(0.0, 1 - len(faults) / 4), feedback="; ".join(faults) or "fits")
