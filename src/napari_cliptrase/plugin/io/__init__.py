"""Readers and writers of mask files for napari, and which masks a list of layers holds."""
