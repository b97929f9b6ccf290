"""Arrays of numpy, one in a file or several in a zip."""
