"""Writing one or many planes of an image as one run, a layer at a time."""

from collections.abc import Collection, Generator, Sequence

from napari.layers import Labels

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.changes import Run
from napari_cliptrase.plugin.layers.label_layers import LabelLayers
from napari_cliptrase.plugin.layers.output import PlaneResult
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.progress import Progress, map_progress


def write_planes(
    book: LabelLayers,
    results: Sequence[PlaneResult],
    *,
    output: Output = Output.CLASSES,
    mode: MergeMode = MergeMode.KEEP_EDITS,
    locked: Collection[int] = (),
    instead_of: Run | None = None,
) -> Generator[Progress, None, Run]:
    """Write results for planes of one image as one run.

    Yields between planes and after each layer that is made or written, so that the window can live meanwhile. Each
    layer is merged with what it holds when its turn comes: what is painted during the run stays. When the generator is
    closed before its end, or the image changes or goes, all that was written is taken back.

    ``instead_of`` is an earlier run that this one takes the place of (see `LabelLayers.write`); closing does not bring
    it back.
    """
    first = results[0]
    image = book.image(first.target)
    fresh: frozenset[Labels] = frozenset()
    if instead_of is not None:
        beginning = Progress(0, len(results), _words(0, len(results)))
        fresh = yield from map_progress(book.runs.withdraw(instead_of), lambda _layer: beginning)
    pen = book.pen(image, first.target, fresh)
    run = Run(pen.number, first.title, pen.steps)
    book.runs.go_on(run)
    try:
        for number, result in enumerate(results):
            now = Progress(number, len(results), _words(number, len(results)))
            if number:
                yield now
            for _ in book.make_layers(pen, result, output):
                yield now
            for _ in book.put(pen, result, output=output, mode=mode, locked=locked):
                book.runs.go_on(run)
                yield now
    except BaseException:
        book.runs.take_back(run)
        pen.sweep()
        raise
    pen.sweep()
    run.notes = tuple(dict.fromkeys(pen.notes))
    return book.keep(run)


def _words(number: int, count: int) -> str:
    return "writing the layers" if count == 1 else f"writing plane {number + 1} of {count}"
