"""Functions written for other frameworks: fields.py finds columns and parameters that nothing gives, returns.py what cannot be used."""
