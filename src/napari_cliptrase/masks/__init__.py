"""Masks to and from files: one file per format, a registry, an export report. Knows nothing of torch or napari."""
