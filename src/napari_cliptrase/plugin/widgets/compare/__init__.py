"""The dock that compares labels with a ground truth."""
