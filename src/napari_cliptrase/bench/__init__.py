"""Measurements of the method's speed and memory, with random weights of the true shapes."""
