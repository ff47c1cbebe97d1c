import numpy as np


def overlap(output, expected):
    said, gold = set(output.lower().split()), set(expected.lower().split())
    return np.float32(len(said & gold) / np.maximum(len(gold), 1))
