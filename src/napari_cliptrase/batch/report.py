"""A project at a glance: one HTML file that needs nothing else, the most uncertain images first."""

from base64 import b64encode
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from napari_cliptrase.atomic import replacing
from napari_cliptrase.classes.colors import to_hex
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.project_paths import REPORT_FILE
from napari_cliptrase.project.thumbnail_picture import thumbnail_of

_SIZE: Final = (256, 192)
_QUALITY: Final = 80
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .15rem 1rem .15rem 0; text-align: left; }}
td.number, th.number {{ text-align: right; }}
.swatch {{ display: inline-block; width: .8em; height: .8em; border-radius: 2px; }}
.images {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(256px, 1fr)); gap: 1.2rem; }}
.images {{ margin-top: 2rem; }}
figure {{ margin: 0; }} figure img {{ max-width: 100%; border-radius: 4px; }}
figcaption {{ font-size: 13px; overflow-wrap: anywhere; }}
.bar {{ display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: #8884; margin: .2rem 0; }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
"""


def write_report_steps(project: Project, target: Path | None = None) -> Generator[Progress, None, Path]:
    """Write the report of a project beside its images, or to ``target``, and return where it is."""
    path = target or project.paths.folder / REPORT_FILE
    records = project.select(most_uncertain_first=True)
    with replacing(path) as part, part.open("w", encoding="utf-8") as page:
        page.write(_PAGE.format(title=escape(project.paths.folder.resolve().name), summary=escape(_summary(records))))
        classes = project.prompts.table()
        page.write(_classes(classes, records))
        page.write('<div class="images">\n')
        for done, record in enumerate(records):
            yield Progress(done, len(records), "Writing the report")
            page.write(_figure(project, record, classes))
        page.write("</div>\n</html>\n")
    return path


def _summary(records: Iterable[ImageRecord]) -> str:
    """Count the images by state."""
    states = Counter(str(record.state) for record in records)
    parts = [f"{count:,} {state}" for state, count in states.most_common()]
    return f"{sum(states.values()):,} images: {', '.join(parts) or 'none'}. The most uncertain ones come first."


def _classes(classes: ClassTable, records: Iterable[ImageRecord]) -> str:
    """Make a table of the classes: share of all pixels, in how many images they are, and how sure the model was."""
    pixels: Counter[int] = Counter()
    images: Counter[int] = Counter()
    scores: dict[int, list[float]] = {}
    area = 0
    for record in records:
        found = record.pixels
        pixels.update(found)
        images.update(identifier for identifier, count in found.items() if count)
        area += _area(record)
        for identifier, score in record.scores.items():
            if found.get(identifier):
                scores.setdefault(identifier, []).append(score)
    rows = [
        f'<tr><td><span class="swatch" style="background:{to_hex(entry.color)}"></span> {escape(entry.name)}</td>'
        f'<td class="number">{_percent(pixels[entry.id], area)}</td><td class="number">{images[entry.id]:,}</td>'
        f'<td class="number">{_mean(scores.get(entry.id, ()))}</td></tr>\n'
        for entry in classes
    ]
    numbers = "".join(f'<th class="number">{word}</th>' for word in ("area", "images", "score"))
    head = f"<tr><th>class</th>{numbers}</tr>"
    said = "<p>Score: how probable the model found a class where it put it, 0 to 1, on average.</p>\n"
    return f"<table>{head}\n{''.join(rows)}</table>\n{said if scores else ''}"


def _figure(project: Project, record: ImageRecord, classes: ClassTable) -> str:
    picture = thumbnail_of(project, record, _SIZE)
    shown = "<p>This image cannot be read.</p>"
    if picture is not None:
        stream = BytesIO()
        Image.fromarray(picture).save(stream, "JPEG", quality=_QUALITY)
        shown = f'<img loading="lazy" alt="" src="data:image/jpeg;base64,{b64encode(stream.getvalue()).decode()}">'
    facts = [str(record.state)]
    if record.uncertainty is not None:
        facts.append(f"uncertainty {record.uncertainty:.2f}")
    if record.flag is not None:
        facts.append(f"flagged: {record.flag}" if record.flag else "flagged")
    area = _area(record)
    names = {entry.id: entry for entry in classes}
    found = sorted(((count, names[key]) for key, count in record.pixels.items() if key in names), key=lambda e: -e[0])
    bar = "".join(
        f'<span style="width:{100 * count / area:.2f}%;background:{to_hex(entry.color)}"></span>'
        for count, entry in found
        if area
    )
    areas = ", ".join(
        f"{escape(entry.name)} {_percent(count, area)}{_score(record.scores.get(entry.id))}" for count, entry in found
    )
    return (
        f'<figure>{shown}<div class="bar">{bar}</div><figcaption><b>{escape(record.name)}</b><br>'
        f"{escape(', '.join(facts))}<br>{areas or 'no pixel has a class'}</figcaption></figure>\n"
    )


def _area(record: ImageRecord) -> int:
    """Pixels of all planes that have a mask."""
    identity = record.identity
    return 0 if identity is None else identity.height * identity.width * len(record.planes)


def _mean(scores: Sequence[float]) -> str:
    return f"{sum(scores) / len(scores):.2f}" if scores else "–"


def _score(score: float | None) -> str:
    return "" if score is None else f" (score {score:.2f})"


def _percent(pixels: int, area: int) -> str:
    return f"{100 * pixels / area:.1f} %" if area else "–"
