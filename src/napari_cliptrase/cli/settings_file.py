"""Settings that a command reads from a file."""

from pathlib import Path

from napari_cliptrase.engine.settings import Settings, SettingsError


def read_settings(file: Path) -> Settings:
    """Read settings as JSON; errors name the file."""
    try:
        return Settings.from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"{file} cannot be read as settings ({error}).") from error
    except SettingsError as error:
        raise SettingsError(f"{file}: {error}") from error
