"""The README as the long description of the package: its links lead to the repository, since a package has no pages."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)(\[[^\]]*\])\((?!\w+:|#)([^)\s]+)\)")


class PackageReadme(MetadataHookInterface):
    """Called by hatchling when it builds."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the long description."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, metadata["urls"]["Homepage"])}


def absolute(text: str, repository: str) -> str:
    """Return Markdown whose relative links are those of the main branch of a repository, pictures as they are shown."""

    def turned(found: re.Match[str]) -> str:
        picture, title, path = found.groups()
        return f"{picture}{title}({repository}/{'raw' if picture else 'blob'}/main/{path})"

    return LINK.sub(turned, text)
