from napari_cliptrase.cli.display import in_readable_units
from napari_cliptrase.progress import Progress


def test_bytes_are_shown_as_megabytes() -> None:
    step = Progress(12_322_554, 598_482_948, "ViT-B-16/openai: downloading", "bytes")
    assert in_readable_units(step) == ("ViT-B-16/openai: downloading, MB", 12, 598)


def test_steps_are_shown_as_they_are() -> None:
    assert in_readable_units(Progress(3, 8, "encoding")) == ("encoding", 3, 8)
