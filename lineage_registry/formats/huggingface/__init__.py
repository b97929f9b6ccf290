"""Folders as the Hugging Face libraries write them."""
