"""What is taken out of a run before it is given to others.

redaction      what a person chose to leave out: prompts, inputs, fields
masking, masked_code      finding the values of a field in texts, and in the code of a reward
keys      keys, which never leave, wherever they were recorded
"""
