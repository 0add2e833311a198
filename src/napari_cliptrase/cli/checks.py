"""What `napari-cliptrase doctor` looks at, one function for each subject."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from napari_cliptrase import __version__
from napari_cliptrase.cli import desktop
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.catalog import DEFAULT_CLIP, ModelEntry, find_entry
from napari_cliptrase.models.folders import cache_folder
from napari_cliptrase.models.torch_trouble import need_torch
from napari_cliptrase.models.verify import download_command, verify_steps
from napari_cliptrase.progress import run_to_end

ALL = "pip install 'napari-cliptrase[all]'"

EXTRAS = (
    ("roifile", "ImageJ regions", "imagej"),
    ("nibabel", "NIfTI masks", "nifti"),
    ("zarr", "OME-Zarr masks", "ome-zarr"),
    ("distributed", "batches on several processes or a cluster", "cluster"),
    ("matplotlib", "figures of the method", "explain"),
)
"""Package, what it is for, and the extra that brings it; the extra ``all`` brings all of them."""

# asked for by some models alone, and named by them when it is missing
_FOR_SOME_MODELS = (
    ("transformers", "CLIP models with a text side from Hugging Face, such as BiomedCLIP"),
    ("mobile_sam", "the small SAM vit_t"),
)

WIDEST = len("napari-cliptrase")
"""Characters of the longest topic."""

_QT = ("PyQt6", "PySide6", "PyQt5", "PySide2")


@dataclass(frozen=True)
class Finding:
    """One line of the report: ``bad`` is a fault, ``note`` a limit, and ``cure`` is what to do."""

    topic: str
    text: str
    state: Literal["ok", "note", "bad"] = "ok"
    cure: str | None = None


def all_findings() -> Iterator[Finding]:
    """Look at everything, the quick things first."""
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    yield Finding("System", f"{platform.platform()}, {os.cpu_count()} processors")
    yield Finding("napari-cliptrase", __version__)
    yield from _napari()
    yield from _windows()
    yield from _packages()
    yield from _torch()
    yield _cache()
    yield _demo("clip")
    yield _demo("sam")
    yield _default_model()
    yield from _extras()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _napari() -> Iterator[Finding]:
    found = _version("napari")
    if found is None:
        yield Finding("napari", "not installed; the command line works without it", "note", ALL)
        return
    yield Finding("napari", found)
    plugins = {point.name for point in entry_points(group="napari.manifest")}
    if "napari-cliptrase" not in plugins:
        yield Finding("Plugin", "napari does not know of napari-cliptrase", "bad", "pip install napari-cliptrase")


def _windows() -> Iterator[Finding]:
    bindings = [f"{name} {_version(name)}" for name in _QT if find_spec(name)]
    binding = os.environ.get("QT_API")
    has_napari = find_spec("napari") is not None
    if not bindings:
        yield Finding("Qt", "no Qt binding is installed, so no window opens", "bad" if has_napari else "note", ALL)
        return
    yield Finding("Qt", ", ".join(bindings) + (f"; QT_API={binding}" if binding else ""))
    lacking = desktop.missing_libraries()
    if lacking:
        cure = desktop.apt_line(desktop.missing_packages())
        yield Finding("Qt libraries", f"missing: {', '.join(lacking)}", "bad" if has_napari else "note", cure)
    elif sys.platform.startswith("linux"):
        yield Finding("Qt libraries", "all there")
    if not desktop.has_display():
        cure = "xvfb-run -a COMMAND" if desktop.has_virtual_display() else desktop.apt_line(("xvfb",))
        yield Finding("Display", "none: DISPLAY and WAYLAND_DISPLAY are not set", "note", cure)


def _packages() -> Iterator[Finding]:
    names = ("open_clip_torch", "timm", "segment-anything", "huggingface_hub", "numpy", "scikit-image")
    versions = {name: _version(name) for name in names}
    yield Finding("Packages", ", ".join(f"{name} {found}" for name, found in versions.items() if found))
    lacking = [name for name, found in versions.items() if found is None]
    if lacking:
        yield Finding("Packages", f"missing: {', '.join(lacking)}", "bad", f"pip install {' '.join(lacking)}")


def _torch() -> Iterator[Finding]:
    try:
        need_torch()
    except CliptraseError as error:
        yield Finding("torch", str(error), "bad")
        return
    import torch

    from napari_cliptrase.models.device import place

    yield Finding("torch", str(torch.__version__))
    try:
        yield Finding("Device", place().note)
    except CliptraseError as error:
        yield Finding("Device", str(error), "bad")
    threads, processors = torch.get_num_threads(), os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS")
    text = f"{threads} for {processors} processors" + (f"; OMP_NUM_THREADS={limit}" if limit else "")
    few = threads == 1 and processors > 1
    yield Finding("Threads", text, "note" if few else "ok", "unset OMP_NUM_THREADS" if few and limit else None)


def _cache() -> Finding:
    folder = cache_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding("Cache", f"{folder} cannot be read ({error.strerror})", "bad", "set NAPARI_CLIPTRASE_CACHE")
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Finding("Cache", f"{folder} cannot be written to", "bad", "set NAPARI_CLIPTRASE_CACHE to another folder")
    little = free < 2_000_000_000
    text = f"{folder}, {free / 1e9:.1f} GB free"
    return Finding("Cache", text, "note" if little else "ok", "make room for models" if little else None)


def _demo(kind: Literal["clip", "sam"]) -> Finding:
    topic = "Demo model" if kind == "clip" else "Demo SAM"
    entry = find_entry("demo", kind)
    if entry is None or entry.path is None:
        return Finding(topic, "its weights are missing", "bad", "pip install --force-reinstall napari-cliptrase")
    verdict = run_to_end(verify_steps(entry))
    if verdict.damaged:
        text = f"{entry.path} is damaged: its SHA-256 is {verdict.found} instead of {verdict.expected}"
        return Finding(topic, text, "bad", "pip install --force-reinstall napari-cliptrase")
    return Finding(topic, f"there, SHA-256 {verdict.found[:12]}…" + (" as published" if verdict.expected else ""))


def _default_model() -> Finding:
    entry = find_entry(DEFAULT_CLIP, "clip")
    assert isinstance(entry, ModelEntry)
    if entry.path is None:
        return Finding("Photographs", f"{DEFAULT_CLIP} is not downloaded yet", "note", download_command(DEFAULT_CLIP))
    return Finding("Photographs", f"{DEFAULT_CLIP} is at {_short(entry.path)}")


def _extras() -> Iterator[Finding]:
    for package, purpose, extra in EXTRAS:
        if find_spec(package):
            yield Finding("Optional", f"{package} {_version(package)}: {purpose}")
        else:
            cure = f"pip install 'napari-cliptrase[{extra}]'"
            yield Finding("Optional", f"{package} is not installed: {purpose}", "note", cure)
    for package, purpose in _FOR_SOME_MODELS:
        if find_spec(package):
            yield Finding("Optional", f"{package} is installed: {purpose}")


def _short(path: Path) -> str:
    home = str(Path.home())
    return f"~{str(path).removeprefix(home)}" if str(path).startswith(home) else str(path)
