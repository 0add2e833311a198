"""The dock "Segment by text", in parts: image, classes, model, output, run."""
