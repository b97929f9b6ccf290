"""Registries whose writers and servers are killed at random; nothing acknowledged may be lost."""
