"""A run on screen, for every page that shows one: view, timeline, verdict, what can be done with it, playing it."""
