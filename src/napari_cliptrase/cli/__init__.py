"""The command ``napari-cliptrase``: one file per subcommand."""

import sys

from napari_cliptrase.cli.interrupts import EXIT_CODE, Stopped, message_when_stopped, noting_interrupts
from napari_cliptrase.errors import CliptraseError


def main() -> None:
    """Run the command; a user's mistake ends in one sentence and exit code 1, never in a traceback."""
    from napari_cliptrase.cli.quick_start import start_quickly

    start_quickly()

    with noting_interrupts() as interrupts:
        try:
            with message_when_stopped(lambda: str(Stopped.early())):
                from napari_cliptrase.cli.app import app

            app()
        except Stopped as stop:
            _end(str(stop), EXIT_CODE)
        except CliptraseError as error:
            _end(str(error), 1)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _end(f"{where}{error.strerror or error}. Nothing else was changed.", 1)
        except (Exception, KeyboardInterrupt):
            if not interrupts.seen:
                raise
            _end(str(Stopped.unfinished()), EXIT_CODE)


def _end(message: str, code: int) -> None:
    sys.stderr.write(f"napari-cliptrase: {message}\n")
    raise SystemExit(code) from None
