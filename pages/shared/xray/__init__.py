"""The X-ray as the browser draws it: the source of a reward line by line, with what each line came to."""
