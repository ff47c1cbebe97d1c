"""An experiment while it runs."""
