"""Which kind of file or folder something is, from what it holds and never from its name."""
