"""Models of Keras, as its own zip and as HDF5."""
