"""A real Phoenix, in an environment of its own: runs are sent to it, and their tree is read back (`.ci/long otel`)."""
