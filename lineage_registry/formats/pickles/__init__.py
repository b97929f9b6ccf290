"""Pickles, read without importing or calling anything they name."""
