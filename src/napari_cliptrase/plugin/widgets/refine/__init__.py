"""The dock that sharpens boundaries, and clicks that draw masks."""
