"""A registry somewhere else, over HTTP."""
