"""One attempt in full (view.py), as the Lab, the page of a run and the comparison of runs show it."""
