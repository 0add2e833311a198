"""OME-Zarr labels: beside an existing image with the same pyramid, or as a label image of their own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import metadata
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions, NgffVersion
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import PIXEL, LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.naming import file_part
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.png import VOID_COLOR
from napari_cliptrase.masks.read_errors import DAMAGE, read_error_text
from napari_cliptrase.masks.staging import OutFile, OutFolder
from napari_cliptrase.masks.units import canonical
from napari_cliptrase.masks.zarr_files import (
    check_array,
    chunk_files,
    consolidated,
    group_file,
    inside,
    load_attributes,
    load_others,
)
from napari_cliptrase.masks.zarr_image import Level, image_in

_SUFFIXES = (".ome.zarr", ".zarr")
_SMALLEST = 1024
_VOID = "void"
_UNITS = {"metre": "meter"}  # the list of the specification spells it so


def _encode(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile | OutFolder]:
    for mask in masks:
        name = place.file or f"{mask.stem}.ome.zarr"
        root = place.folder / name
        try:
            attributes = load_attributes(root) if root.is_dir() else None
        except DAMAGE as error:
            raise MaskFormatError(f"{root} is damaged ({read_error_text(error)}); choose another name.") from error
        if attributes is None or "image-label" in attributes:
            yield OutFolder(name, _label_files(mask, options.ngff, _own_levels(mask)))
            continue
        if "multiscales" not in attributes:
            raise MaskFormatError(f"{root} is a zarr folder without an OME image; choose another name.")
        try:
            yield from _beside_image(mask, root, name, attributes, options, tally)
        except DAMAGE as error:
            raise MaskFormatError(f"{root} cannot be read as an OME-Zarr image: {read_error_text(error)}.") from error


def _own_levels(mask: LabelImage) -> list[Level]:
    """Halved in Y and X until it is small."""
    levels = [Level("0", tuple(mask.labels.shape), mask.scale, mask.origin)]
    while max(levels[-1].shape[-2:]) > _SMALLEST:
        *leading, height, width = levels[-1].shape
        shape = (*leading, -(-height // 2), -(-width // 2))
        levels.append(_level(mask, str(len(levels)), shape))
    return levels


def _level(mask: LabelImage, path: str, shape: tuple[int, ...]) -> Level:
    factors = [full / size for full, size in zip(mask.labels.shape, shape, strict=True)]
    scale = tuple(s * f for s, f in zip(mask.scale, factors, strict=True))
    shift = tuple(o + (f - 1) / 2 * s for o, f, s in zip(mask.origin, factors, mask.scale, strict=True))
    return Level(path, shape, scale, shift)


def _beside_image(
    mask: LabelImage, root: Path, name: str, attributes: dict[str, Any], options: ExportOptions, tally: Tally
) -> Iterator[OutFile | OutFolder]:
    """Labels in ``labels/NAME`` of an image, with one level per level of the image, and the list of labels."""
    version = NgffVersion.V05 if (root / "zarr.json").is_file() else NgffVersion.V04
    image = image_in(root, attributes, mask)
    placed = replace(mask, scale=image.levels[0].scale, units=image.units, origin=image.levels[0].translation)
    if mask.metric and (placed.scale, placed.units) != (mask.scale, mask.units):
        tally.note(f"The pixel size is that of the image {name}.")
    label = file_part(options.label_name)
    files = _label_files(placed, version, list(image.levels), source="../../")
    yield OutFolder(f"{name}/labels/{label}", files)
    old = load_attributes(root / "labels") or {}
    labels = sorted({*old.get("labels", []), label})
    group = group_file({**old, "labels": labels}, version, others=load_others(root / "labels"))
    for path, data in group.items():
        yield OutFile(f"{name}/labels/{path}", data)
    made = {f"labels/{path}": data for path, data in group.items()}
    made |= {f"labels/{label}/{path}": data for path, data in files.items()}
    for path, data in consolidated(root, made, f"labels/{label}/").items():
        yield OutFile(f"{name}/{path}", data)
    tally.note(f"Written as labels/{label} of the image {name}, with its {len(image.levels)} levels.")


def _label_files(
    mask: LabelImage, version: NgffVersion, levels: list[Level], source: str | None = None
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for level in levels:
        files |= chunk_files(level.path, _sampled(mask.labels, level.shape), mask.axes.lower(), version)
    attributes = label_attributes(mask.stem, mask.axes, mask.units, levels, mask.classes, version, source)
    attributes[metadata.OWN_KEY] = metadata.mask_metadata(mask)
    return files | group_file(attributes, version)


def label_attributes(
    name: str,
    axes: str,
    units: Sequence[str],
    levels: Sequence[Level],
    classes: ClassTable,
    version: NgffVersion,
    source: str | None = None,
) -> dict[str, Any]:
    """Return the OME attributes of a label image; ``source`` leads to the image that it lies beside."""
    datasets = [
        {
            "path": level.path,
            "coordinateTransformations": [{"type": "scale", "scale": list(level.scale)}]
            + ([{"type": "translation", "translation": list(level.translation)}] if any(level.translation) else []),
        }
        for level in levels
    ]
    described = [_axis(axis, unit) for axis, unit in zip(axes, units, strict=True)]
    multiscale: dict[str, Any] = {"name": name, "axes": described, "datasets": datasets}
    colors: list[dict[str, Any]] = [{"label-value": e.id, "rgba": [*e.color, 255]} for e in classes]
    properties: list[dict[str, Any]] = [{"label-value": e.id, "class": e.name} for e in classes]
    if classes.void is not None:
        colors.append({"label-value": classes.void, "rgba": [*VOID_COLOR, 255]})
        properties.append({"label-value": classes.void, "class": _VOID, "void": True})
    label: dict[str, Any] = {"colors": colors, "properties": properties}
    if source is not None:
        label["source"] = {"image": source}
    if version is NgffVersion.V04:
        multiscale["version"] = label["version"] = version.value
    return {"multiscales": [multiscale], "image-label": label}


def _axis(axis: str, unit: str) -> dict[str, str]:
    kind = {"T": "time", "C": "channel"}.get(axis, "space")
    entry = {"name": axis.lower(), "type": kind}
    return entry if unit == PIXEL or kind == "channel" else entry | {"unit": _UNITS.get(unit, unit)}


def _sampled(labels: LabelArray, shape: tuple[int, ...]) -> LabelArray:
    """Nearest labels on a coarser grid."""
    if labels.shape == shape:
        return labels
    indices = [
        ((np.arange(size) + 0.5) * full / size).astype(np.intp) for full, size in zip(labels.shape, shape, strict=True)
    ]
    return np.asarray(labels[np.ix_(*indices)])


def _decode(source: Path) -> Iterator[LabelImage]:
    attributes = load_attributes(source)
    if attributes is None:
        raise ValueError("it is not a zarr group")
    if "image-label" in attributes:
        yield _read(source, _stem(source), attributes)
        return
    labels = load_attributes(source / "labels") or {}
    names = [str(name) for name in labels.get("labels", [])]
    if not names:
        raise ValueError("it holds no labels")
    for name in names:
        group = inside(source / "labels", name)
        yield _read(group, name, load_attributes(group) or {})


def _read(group: Path, stem: str, attributes: dict[str, Any]) -> LabelImage:
    import zarr

    multiscale = attributes["multiscales"][0]
    dataset = multiscale["datasets"][0]
    array = zarr.open_array(inside(group, dataset["path"]), mode="r")
    check_array(array, group / dataset["path"])
    labels = np.asarray(array[...])
    if isinstance(described := attributes.get(metadata.OWN_KEY), dict):
        return metadata.described(labels, stem, described, None)
    transforms = {t["type"]: t[t["type"]] for t in dataset.get("coordinateTransformations", [])}
    return LabelImage(
        labels,
        _table(attributes.get("image-label") or {}),
        axes="".join(str(axis["name"]).upper() for axis in multiscale["axes"]),
        stem=stem,
        scale=tuple(float(v) for v in transforms.get("scale", ())),
        units=tuple(canonical(axis.get("unit", PIXEL)) for axis in multiscale["axes"]),
        origin=tuple(float(v) for v in transforms.get("translation", ())),
    )


def _table(label: dict[str, Any]) -> ClassTable:
    names: dict[int, str] = {}
    void = None
    for entry in label.get("properties", []):
        value = int(entry["label-value"])
        if entry.get("void"):
            void = value
        else:
            names[value] = str(entry.get("class") or entry.get("name") or f"class {value}")
    colors = {int(e["label-value"]): tuple(map(int, e["rgba"][:3])) for e in label.get("colors", []) if e.get("rgba")}
    ids = sorted({*names, *colors} - {0, void})
    classes = []
    for class_id in ids:
        entry = MaskClass.named(class_id, names.get(class_id, f"class {class_id}"))
        classes.append(MaskClass(class_id, entry.name, colors.get(class_id, entry.color)))  # type: ignore[arg-type]
    return ClassTable(tuple(classes), void)


def _stem(path: Path) -> str:
    suffix = next((s for s in _SUFFIXES if path.name.lower().endswith(s)), "")
    return path.name[: len(path.name) - len(suffix)] or "mask"


def _recognises(found: Candidate) -> bool:
    path = found.path
    if not path.is_dir():
        return False
    attributes = load_attributes(path)
    return attributes is not None and ("image-label" in attributes or (path / "labels").is_dir())


FORMAT = MaskFormat(
    key="ome-zarr",
    title="OME-Zarr labels",
    description="chunked pyramid with colours and names, put beside an existing image; read by napari, Fiji, Vizarr",
    extensions=_SUFFIXES,
    layout=Layout.EACH,
    folders=True,
    encode=_encode,
    decode=_decode,
    void=True,
    recognises=_recognises,
    stacks="*",
    extra="ome-zarr",
    module="zarr",
)
