"""Where a result comes from: what is needed to reproduce it, and to see whether two results can be compared."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase._version import __version__
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.settings import Settings

if TYPE_CHECKING:  # imports torch, which a refinement without a model does not need
    from napari_cliptrase.engine.absent import Absence

_PACKAGES = ("torch", "open_clip_torch", "numpy", "scipy", "pillow")


def image_sha256(rgb: NDArray[np.uint8]) -> str:
    """SHA-256 of an image (H, W, 3) uint8: of its shape and its bytes."""
    digest = hashlib.sha256(repr(rgb.shape).encode())
    digest.update(np.ascontiguousarray(rgb).data)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of this package, of Python and of the libraries that a result depends on."""
    found = {"napari-cliptrase": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # installed in another way, for instance by conda under another name
            continue
    return found


def provenance(
    *,
    model: str,
    weights_sha256: str,
    device: str,
    dtype: str,
    settings: Settings,
    prompts: PromptSet,
    image: str,
    libraries: dict[str, str],
    absent: "Mapping[int, Absence]",
    windows: Mapping[str, object],
    examples: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Return the record of a segmentation, fit for JSON.

    ``image`` is the hash of the image, ``absent`` goes by class index, ``windows`` say where they lay in the image,
    and ``examples`` say what corrected the text.
    """
    return {
        "model": model,
        "weights_sha256": weights_sha256,
        "device": device,
        "dtype": dtype,
        "settings": json.loads(settings.to_json()),
        "prompts": json.loads(prompts.to_json()),
        "absent": [
            {"id": prompts.ids[index], "name": prompts.classes[index].name, **asdict(why)}
            for index, why in absent.items()
        ],
        **({} if examples is None else {"examples": dict(examples)}),
        "image_sha256": image,
        "windows": dict(windows),
        "versions": dict(libraries),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def with_refinement(provenance: Mapping[str, Any], refinement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with one more refinement at the end of its list; everything else stays."""
    return {**provenance, "refine": [*provenance.get("refine", ()), dict(refinement)]}
