"""refine_core: the headless core of Refinescope."""

__version__ = "0.1.0"
