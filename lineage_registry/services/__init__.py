"""Commands done here, one file per subject."""
