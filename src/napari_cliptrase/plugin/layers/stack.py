"""Writing many planes of an image as one run, a plane at a time."""

from collections.abc import Collection, Generator, Sequence

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.book import LabelLayers
from napari_cliptrase.plugin.layers.result import Output, Result
from napari_cliptrase.plugin.layers.steps import Run
from napari_cliptrase.progress import Progress


def write_planes(
    book: LabelLayers,
    results: Sequence[Result],
    *,
    output: Output = Output.CLASSES,
    mode: MergeMode = MergeMode.KEEP_EDITS,
    locked: Collection[int] = (),
) -> Generator[Progress, None, Run]:
    """Write results for planes of one image as one run; yields between planes, so that the window can live meanwhile.

    Each plane is merged with what its layers hold when its turn comes, so that what is painted during the run stays.
    When the generator is closed before its end, or the image changes or goes, all that was written is taken back.
    """
    first = results[0]
    pen = book.pen(book.image(first.target), first.target)
    run = Run(pen.number, first.title, pen.steps)
    try:
        for number, result in enumerate(results):
            if number:
                yield Progress(number, len(results), f"writing plane {number + 1} of {len(results)}")
            book.put(pen, result, output=output, mode=mode, locked=locked)
            book.runs.go_on(run)
    except BaseException:
        book.runs.take_back(run)
        raise
    run.notes = tuple(dict.fromkeys(pen.notes))
    return book.keep(run)
