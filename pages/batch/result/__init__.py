"""The answer of an experiment."""
