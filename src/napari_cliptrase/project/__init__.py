"""An annotation folder on disk: masks, provenance, states, autosave, classes over all images. No torch, no Qt."""
