"""Estimators of scikit-learn in files that hold no code."""
