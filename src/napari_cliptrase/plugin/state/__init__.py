"""What is known in a viewer: session, encodings, where planes come from, preferences."""
