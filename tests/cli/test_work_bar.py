import io

from rich.console import Console

from napari_cliptrase.cli.work_bar import in_readable_units, work_bar
from napari_cliptrase.progress import Progress


def test_bytes_are_shown_as_megabytes():
    step = Progress(12_322_554, 598_482_948, "ViT-B-16/openai: downloading", "bytes")
    assert in_readable_units(step) == ("ViT-B-16/openai: downloading, MB", 12, 598)


def test_steps_are_shown_as_they_are():
    assert in_readable_units(Progress(3, 8, "encoding")) == ("encoding", 3, 8)


def shown(monkeypatch, *, terminal):
    stream = io.StringIO()
    monkeypatch.setattr(
        "rich.console.Console", lambda **_: Console(file=stream, force_terminal=terminal, width=100, color_system=None)
    )
    with work_bar("reading [a]") as watch:
        watch(Progress(1_500_000, 4_000_000, "masks/[b].png", "bytes"))
        watch(Progress(3, 0, "c.png"))
    return stream.getvalue()


def test_a_terminal_shows_what_is_done_and_how_far_it_is(monkeypatch):
    text = shown(monkeypatch, terminal=True)
    assert "c.png" in text
    assert "3/?" in text


def test_a_file_shows_nothing(monkeypatch):
    assert shown(monkeypatch, terminal=False).strip() == ""
