"""Ensembles of trees, as the libraries that grow them write them."""
