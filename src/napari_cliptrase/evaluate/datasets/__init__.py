"""Images with true masks: benchmarks as they lie on disk, folders and projects of one's own, painted scenes."""
