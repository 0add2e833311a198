"""The report of a project: one file, everything in it, the most uncertain images first."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.batch.report import write_report_steps
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.project_paths import REPORT_FILE


class Page(HTMLParser):
    """Text, pictures and whatever a page would fetch from elsewhere."""

    def __init__(self, html):
        super().__init__()
        self.words, self.sources = [], []
        self.feed(html)

    def handle_starttag(self, _tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.words.append(data.strip())

    @property
    def text(self):
        return " ".join(filter(None, self.words))


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "A & B"
    folder.mkdir()
    for name in ("sure.png", "unsure.png", "<b>.png", "new.png"):
        Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(folder / name)
    (folder / "broken.png").write_bytes(b"no image")
    with Project.create(folder, PromptSet.parse("cat; dog <wild>")) as project:
        half = np.zeros((40, 60), np.uint8)
        half[:, :30] = 1
        for name, uncertainty, score in (("sure.png", 0.1, 0.9), ("unsure.png", 0.9, 0.3), ("<b>.png", 0.5, 0.6)):
            project.take_result(
                name, {(): half}, kind=Provenance.MODEL, run={"key": "x"}, uncertainty=uncertainty, scores={1: score}
            )
        project.flag("sure.png", "look <again>")
        yield project


def test_the_most_uncertain_images_come_first_with_their_figures(project):
    path = run_to_end(write_report_steps(project))
    assert path == project.paths.folder / REPORT_FILE
    text = Page(path.read_text(encoding="utf-8")).text
    names = re.findall(r"unsure\.png|<b>\.png|(?<!un)sure\.png|new\.png|broken\.png", text)
    assert names[:3] == ["unsure.png", "<b>.png", "sure.png"]
    assert sorted(names[3:]) == ["broken.png", "new.png"]
    assert "uncertainty 0.90 cat 50.0 % (score 0.30)" in text
    assert "flagged: look <again>" in text
    assert "5 images: 3 pre-annotated, 2 never opened" in text
    assert "cat 50.0 % 3 0.60 dog <wild> 0.0 % 0 –" in text
    assert "This image cannot be read." in text


def test_the_file_needs_nothing_else(project):
    page = Page(run_to_end(write_report_steps(project)).read_text(encoding="utf-8"))
    assert len(page.sources) == 4
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)


def test_a_report_that_is_stopped_leaves_the_last_one(project, tmp_path):
    path = tmp_path / "other.html"
    path.write_text("the last report")
    steps = write_report_steps(project, path)
    next(steps)
    steps.close()
    assert path.read_text() == "the last report"
