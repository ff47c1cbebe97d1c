"""Setting up an experiment: inputs, arms, limits, and what it will take."""
