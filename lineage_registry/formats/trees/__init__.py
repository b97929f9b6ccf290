<<<<<<< HEAD
"""Ensembles of trees, as the libraries that grow them write them."""
=======
"""Files of other libraries."""
>>>>>>> cc23dc8 (Load and save ONNX and Hugging Face models; convert weights, programs and graphs)
