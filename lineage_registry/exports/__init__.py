"""Answers drawn and written."""
