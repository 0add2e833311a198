"""The dock "Annotate folder" and its parts."""
