"""The napari side: docks, workers, and the one place that writes layers."""
