"""The dock that shows what one patch of an image correlates with."""
