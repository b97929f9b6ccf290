"""HDF5 files: groups, shapes and texts, read without a library."""
