"""Safetensors files, one or many."""
