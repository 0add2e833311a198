"""File ▸ Save Selected Layers: label layers into mask formats (napari itself writes no labels as PNG)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from napari.layers import Image, Labels
from napari.utils.notifications import show_info, show_warning
from qtpy.QtWidgets import QApplication

from napari_cliptrase.errors import MaskFormatError, ReplaceRefused
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import ExportReport
from napari_cliptrase.masks.output_place import Layout
from napari_cliptrase.masks.registry import format_named
from napari_cliptrase.plugin.io.mask_sources import (
    AxesOf,
    MaskSource,
    axes_known_to,
    last_two_axes,
    mask_of,
    sources_in,
    unplaced,
)
from napari_cliptrase.plugin.io.overwrite_question import ask_to_overwrite
from napari_cliptrase.plugin.io.readers import LayerData
from napari_cliptrase.plugin.state.session import session_of
from napari_cliptrase.plugin.state.tags import TAGS_KEY

Writer = Callable[[str, list[LayerData]], list[str]]


def masks_of(layers: list[LayerData]) -> list[LabelImage]:
    """Return the masks of label layers, bottom first, as the dock makes them."""
    return [mask_of(source, axes_of=_axes_of()) for source in _sources(layers)]


def _axes_of() -> AxesOf:
    """Rows and columns as the user set them in the docks, if there are any."""
    viewer = napari.current_viewer()
    session = None if viewer is None else session_of(viewer)
    return last_two_axes if session is None else axes_known_to(session)


def _sources(layers: list[LayerData]) -> tuple[MaskSource, ...]:
    """The masks in layer attributes; images that are open lend their names."""
    viewer = napari.current_viewer()
    images = [] if viewer is None else [layer for layer in viewer.layers if isinstance(layer, Image)]
    return sources_in([*images, *_revived(layers)])


def _revived(layers: list[LayerData]) -> list[Labels]:
    """Label layers from their attributes; of two with one tag, the one that was renamed is a copy and loses the tag."""
    made = [Labels(data, **meta) for data, meta, _ in layers]
    known: set[str] = set()
    for layer in sorted(made, key=lambda layer: layer.name != _raw(layer).get("name")):
        raw = _raw(layer)
        if raw.get("layer") and raw["layer"] not in known:
            known.add(raw["layer"])
            layer.metadata = {**layer.metadata, TAGS_KEY: {**raw, "layer": str(layer.unique_id)}}
    return made


def _raw(layer: Labels) -> dict[str, Any]:
    raw = layer.metadata.get(TAGS_KEY)
    return raw if isinstance(raw, dict) else {}


def _write(form: MaskFormat, masks: list[LabelImage], path: Path) -> ExportReport:
    """Write masks; what a person edited is replaced only when they say so, and without a window never."""
    try:
        return form.write(masks, path, ExportOptions(protect=True))
    except ReplaceRefused as refused:
        if napari.current_viewer() is None:
            raise MaskFormatError(f"{refused.reason}; move it away, or choose another name.") from refused
        if not ask_to_overwrite(QApplication.activeWindow(), refused):
            raise MaskFormatError(f"{refused.reason}; nothing was written.") from refused
    return form.write(masks, path)


def writer_for(key: str) -> Writer:
    """Return what napari calls to save label layers in a format."""

    def write(path: str, layer_data: list[LayerData]) -> list[str]:
        form = format_named(key)
        others = [meta.get("name") for _, meta, kind in layer_data if kind != "labels"]
        if others:
            raise MaskFormatError(f"Layer {others[0]!r} is not a label layer; select label layers only.")
        sources = _sources(layer_data)
        if form.layout is Layout.EACH and len(sources) > 1:
            titles = ", ".join(source.title for source in sources)
            raise MaskFormatError(
                f"The layers are {len(sources)} masks ({titles}), but {Path(path).name} holds one; save them one after "
                "the other, or all at once in the dock “Export masks”."
            )
        report = _write(form, [mask_of(source, axes_of=_axes_of()) for source in sources], Path(path))
        for loss in (*report.losses, *(sentence for source in sources for sentence in unplaced(source))):
            show_warning(f"{form.title}: {loss}")
        for note in report.notes:
            show_info(f"{form.title}: {note}")
        return [str(file) for file in report.files]

    write.__doc__ = f"Write label layers as {key}."
    return write


write_png = writer_for("png")
write_tiff = writer_for("tiff")
write_ome_tiff = writer_for("ome-tiff")
write_npz = writer_for("npz")
write_coco = writer_for("coco")
write_coco_instances = writer_for("coco-instances")
write_labelme = writer_for("labelme")
write_cvat = writer_for("cvat")
write_label_studio = writer_for("label-studio")
write_geojson = writer_for("geojson")
write_imagej = writer_for("imagej")
write_seg_nrrd = writer_for("seg-nrrd")
write_nifti = writer_for("nifti")
write_ome_zarr = writer_for("ome-zarr")
