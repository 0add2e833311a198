"""The demo SAM: a small segment-anything network that knows the painted world, how it was trained, what it scores."""
