"""TensorFlow: SavedModel folders and TFLite files."""
