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
    """Write results for planes of one image as one run.

    Yields between planes and after each layer that is made, so that the window can live meanwhile. Each plane
    is merged with what its layers hold when its turn comes: what is painted during the run stays. When the generator is
    closed before its end, or the image changes or goes, all that was written is taken back.
    """
    first = results[0]
    pen = book.pen(book.image(first.target), first.target)
    run = Run(pen.number, first.title, pen.steps)
    book.runs.go_on(run)
    try:
        for number, result in enumerate(results):
            now = Progress(number, len(results), _words(number, len(results)))
            if number:
                yield now
            for _ in book.make_layers(pen, result, output):
                yield now
            book.put(pen, result, output=output, mode=mode, locked=locked)
            book.runs.go_on(run)
    except BaseException:
        book.runs.take_back(run)
        pen.sweep()
        raise
    pen.sweep()
    run.notes = tuple(dict.fromkeys(pen.notes))
    return book.keep(run)


def _words(number: int, count: int) -> str:
    return "writing the layers" if count == 1 else f"writing plane {number + 1} of {count}"
