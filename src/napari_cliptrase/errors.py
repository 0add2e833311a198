"""The errors that reach a user: one sentence that says what is wrong, where, and what to do."""


class CliptraseError(Exception):
    """A mistake that the user can fix; its sentence is shown without a traceback."""


class ImageReadError(CliptraseError):
    """A file cannot be read as an image."""


class PromptError(CliptraseError):
    """The prompt text or class table has a mistake; names the line."""


class ModelError(CliptraseError):
    """A model is unknown, unsupported, missing or damaged."""


class MaskFormatError(CliptraseError):
    """A mask cannot be written to or read from a format without breaking it."""


class ReplaceRefused(MaskFormatError):
    """Writing would destroy what a person did; ``reason`` says what, without the advice for the command line."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}; {advice}")
        self.reason = reason


class Cancelled(CliptraseError):
    """The user asked for the work to stop."""


class ProjectError(CliptraseError):
    """An annotation project cannot be opened, read or written; says what is unchanged."""
