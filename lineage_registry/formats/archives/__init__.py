"""Zips and tars of files, and the formats that are nothing but these."""
