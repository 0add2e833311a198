"""What the mouse and the keys do in the viewer: region tool, SAM clicks, review, class selection, cursor status."""
