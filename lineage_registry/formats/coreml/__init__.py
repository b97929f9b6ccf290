"""Core ML: `.mlmodel` files and `.mlpackage` folders."""
