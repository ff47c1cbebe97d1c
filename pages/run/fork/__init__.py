"""The dialog Fork: go on from an attempt with one thing changed, as a branch of its own.

dialog    what the dialog shows and does            form      what was typed, kept in the store
fields    one thing to change                       summary   what is kept, what it costs, what stands in the way
"""
