"""Answers told to people."""
