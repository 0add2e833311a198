"""What all tests share."""

import os

import pytest

# Set before torch loads, in the process that runs the tests: large temporaries are kept instead of being given back
# to the system and faulted in again, and the tests use the cores that there are.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "gui" in item.path.parts or "plugin" in item.path.parts:
            item.add_marker(pytest.mark.gui)
