"""Whether this computer can open a napari window, and what it lacks; knows nothing of napari or Qt itself."""

import ctypes
import os
import shutil
import socket
import sys

# what Qt 6's xcb plugin and napari's canvas load at run time, and the Debian package that brings it
_PACKAGE_OF = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libgthread-2.0.so.0": "libglib2.0-0",
}

_WITHOUT_OPENGL = ("offscreen", "minimal", "vnc")

# Mesa's drivers are opened by path and not as a library: they come with the others
_ALL_PACKAGES = ("xvfb", *sorted({*_PACKAGE_OF.values(), "libgl1-mesa-dri"}))


def missing_libraries() -> tuple[str, ...]:
    """Return the system libraries that Qt needs and this Linux lacks; always empty on Windows and macOS."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(library for library in _PACKAGE_OF if not _loads(library))


def missing_packages() -> tuple[str, ...]:
    """Return the Debian packages of `missing_libraries`."""
    return tuple(dict.fromkeys(_PACKAGE_OF[library] for library in missing_libraries()))


def apt_line(packages: tuple[str, ...] = _ALL_PACKAGES) -> str:
    """Return the command that installs ``packages`` on Debian and Ubuntu; by default everything that windows need."""
    return f"sudo apt-get install -y {' '.join(packages)}"


def has_display() -> bool:
    """Return whether there is a screen to draw on (on Windows and macOS there always is)."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def has_virtual_display() -> bool:
    """Return whether ``xvfb-run`` is installed, which gives a program a screen where there is none."""
    return shutil.which("xvfb-run") is not None


def can_open_window() -> str | None:
    """Return None when a window can open, else one sentence with the reason and the command that helps."""
    lacking = missing_libraries()
    if lacking:
        return f"Qt needs {', '.join(lacking)}, which this system lacks; install with: {apt_line(missing_packages())}"
    if not has_display():
        start = "xvfb-run -a COMMAND" if has_virtual_display() else f"xvfb-run -a COMMAND, after {apt_line(('xvfb',))}"
        return f"There is no display (DISPLAY and WAYLAND_DISPLAY are not set); start on a desktop, or with: {start}"
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform in _WITHOUT_OPENGL:
        return f"QT_QPA_PLATFORM={platform} has no OpenGL, which napari draws with; unset it"
    if not os.environ.get("WAYLAND_DISPLAY") and not x_server_answers():
        # Qt would end the whole process, without an exception that Python could catch
        return f"No X server answers at DISPLAY={os.environ['DISPLAY']}; use a desktop, or start with: xvfb-run -a"
    return None


def x_server_answers() -> bool:
    """Return whether a server listens at DISPLAY.

    Connects and sends nothing: a server such as Xvfb resets when its last active client leaves.
    """
    host, _, screen = os.environ.get("DISPLAY", "").rpartition(":")
    number = screen.partition(".")[0]
    if not number.isdigit() or host.startswith("/"):
        return not sys.platform.startswith("linux")
    if host not in ("", "unix"):
        return _listens(socket.AF_INET, (host, 6000 + int(number)))
    path = f"/tmp/.X11-unix/X{number}"
    return _listens(socket.AF_UNIX, path) or _listens(socket.AF_UNIX, f"\0{path}")


def _listens(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family) as line:
        line.settimeout(2)
        try:
            line.connect(address)
        except OSError:
            return False
    return True


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
