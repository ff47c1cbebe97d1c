"""The inputs of an experiment that is set up: a table that is saved, or a new one."""
