"""On PYTHONPATH, this makes an environment that has napari and Qt look like one that has neither, as a server's."""

import sys
from importlib.machinery import PathFinder

HIDDEN = ("napari", "PyQt5", "PyQt6", "PySide2", "PySide6", "pytestqt")


class FinderWithoutWindows(PathFinder):
    """Finds what the environment has, but for the hidden packages."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname.partition(".")[0] in HIDDEN else super().find_spec(fullname, path, target)


sys.meta_path[:] = [FinderWithoutWindows if finder is PathFinder else finder for finder in sys.meta_path]
