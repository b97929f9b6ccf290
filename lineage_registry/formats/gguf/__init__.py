"""GGUF files, and the GGML files that came before them."""
