"""dspy's own tests of 2.6.23, run against refine_core. The tests themselves are not here: see __main__."""
