"""Containers that several formats are packed in, read without unpacking them."""
