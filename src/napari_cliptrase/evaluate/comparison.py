"""Two evaluations of the same images: by how much one is better, and how sure that is."""

from pathlib import Path
from typing import Any

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.evaluation import logs_in
from napari_cliptrase.evaluate.intervals import ImageTable, Interval, interval_of_difference
from napari_cliptrase.evaluate.score_log import SUFFIX, ScoreLog


def chosen_log(place: Path) -> tuple[ScoreLog, dict[str, Any]]:
    """Return the log that a path names: a log, or a folder that holds exactly one."""
    if place.suffix == SUFFIX:
        log = ScoreLog(place)
        header = log.header
        if header is None:
            raise CliptraseError(f"{place} does not exist or is empty; name a log of an evaluation.")
        return log, header
    logs = list(logs_in(place))
    if len(logs) != 1:
        names = ", ".join(log.path.name for log, _ in logs) or "none"
        raise CliptraseError(f"{place} holds {len(logs)} logs ({names}); name the one that is meant.")
    return logs[0]


def compare_logs(before: Path, after: Path) -> tuple[Interval, int, dict[str, str]]:
    """Return points of mean IoU that ``after`` has more, how many images both scored, and what differs."""
    (one, one_header), (other, other_header) = chosen_log(before), chosen_log(after)
    if one_header["names"] != other_header["names"]:
        raise CliptraseError(f"{one.path} and {other.path} score other classes; they cannot be compared.")
    if one_header["images"] != other_header["images"]:
        raise CliptraseError(f"{one.path} and {other.path} score other images; they cannot be compared.")
    first, second = ({image.name: image.counts for image in log.images()} for log in (one, other))
    shared = sorted(name for name in first.keys() & second.keys() if first[name] and second[name])
    if not shared:
        raise CliptraseError(f"{one.path} and {other.path} have no image in common.")
    classes = len(one_header["names"])
    tables = [
        ImageTable.of([counts for name in shared if (counts := log[name]) is not None], classes)
        for log in (first, second)
    ]
    differing = {
        key: f"{one_header[key]} → {other_header.get(key)}"
        for key in ("row", "model", "refine")
        if one_header[key] != other_header.get(key)
    }
    return interval_of_difference(*tables), len(shared), differing
