"""The command ``napari-cliptrase``: one file per subcommand."""

import sys


def main() -> None:
    """Run the command; a user's mistake ends in one sentence and exit code 1, never in a traceback."""
    from napari_cliptrase.cli.app import app
    from napari_cliptrase.errors import CliptraseError

    try:
        app()
    except CliptraseError as error:
        sys.stderr.write(f"napari-cliptrase: {error}\n")
        raise SystemExit(1) from None
