"""``python -m napari_cliptrase.cli``, for where the command is not on the path."""

from napari_cliptrase.cli import main

main()
