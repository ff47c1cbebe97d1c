"""The steps, by number. A new one also sets VERSION and the columns in refine_core/store/tables.py."""
