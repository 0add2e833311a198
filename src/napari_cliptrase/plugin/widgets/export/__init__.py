"""The dock that writes masks to files."""
