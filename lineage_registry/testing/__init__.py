"""Conformance suites for authors of stores and handlers."""
