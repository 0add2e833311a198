"""The code and shell blocks of a page, in its order, and what an invisible comment before one says about it.

``<!-- not run: REASON -->`` before a block keeps it from being run; its syntax is checked all the same.
"""

import re
from dataclasses import dataclass
from pathlib import Path

SHELL = ("sh", "bash", "console")
FENCE = re.compile(r"^```(\S*)\s*$")
NOT_RUN = re.compile(r"^<!-- not run: (.+?) -->$")


@dataclass(frozen=True)
class Block:
    """One block: its language, its text, the line of its fence, and why it is not run ("" where it is)."""

    language: str
    text: str
    line: int
    not_run: str

    @property
    def commands(self) -> str:
        """The text of a shell block without the prompts of a terminal."""
        if self.language != "console":
            return self.text
        return "\n".join(line[2:] for line in self.text.splitlines() if line[:2] in ("$ ", "> "))


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page."""
    found: list[Block] = []
    language, begun, lines, reason = "", 0, [], ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = FENCE.match(line)
        if fence and not begun:
            language, begun, lines = fence.group(1), number, []
        elif fence:
            found.append(Block(language, "\n".join(lines) + "\n", begun, reason))
            begun, reason = 0, ""
        elif begun:
            lines.append(line)
        elif line.strip() and not line.startswith("<!-- "):
            reason = ""
        elif mark := NOT_RUN.match(line):
            reason = mark.group(1)
    return found
