"""ONNX models, with or without files of weights beside them."""
