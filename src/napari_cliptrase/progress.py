"""How far a long piece of work has come; yielded by every generator that a worker can cancel between two steps."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` steps, and in words what is being done now."""

    done: int
    total: int
    text: str
