"""The command ``napari-cliptrase``: one file per subcommand."""

import atexit
import gc
import sys


def main() -> None:
    """Run the command; a user's mistake ends in one sentence and exit code 1, never in a traceback."""
    # torch and its like make hundreds of thousands of objects that stay: looking among them for some that may go takes
    # a tenth of a second at the start, and another at the end
    gc.set_threshold(100_000)
    atexit.register(_end_at_once)
    from napari_cliptrase.cli.app import app
    from napari_cliptrase.errors import CliptraseError

    try:
        app()
    except CliptraseError as error:
        sys.stderr.write(f"napari-cliptrase: {error}\n")
        raise SystemExit(1) from None


def _end_at_once() -> None:
    """Leave all objects to the system, but for triton, which complains of those that are left."""
    if "triton" not in sys.modules:
        gc.freeze()
