"""What refinements share that spread a map of each label over the pixels around, window by window."""

from abc import abstractmethod
from collections.abc import Generator

from napari_cliptrase.array_types import Floats, LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.label_maps import WindowPart, highest_map_steps, refine_windows_steps
from napari_cliptrase.refine.protocol import Image, RefineResult, StepwiseRefiner, check_image
from napari_cliptrase.refine.tiles import tiles_of


class NeighbourRefiner(StepwiseRefiner):
    """Refines labels, or scores and labels together; a method says how pixels are linked, and what they take over.

    Parameters
    ----------
    reach
        Pixels that a label can travel.
    preparing
        What is said while the links of an image are made, and after that.
    """

    def __init__(self, reach: int, preparing: tuple[str, str]) -> None:
        super().__init__()
        self._reach = reach
        self._preparing = preparing
        self._only: Floats | None = None

    @property
    @abstractmethod
    def window_side(self) -> int:
        """Side of the windows in which large images are done."""

    @abstractmethod
    def links(self, image: Image) -> Floats:
        """(neighbours, H, W) how much each pixel of an image (H, W, 3) has to do with each of its neighbours."""

    @abstractmethod
    def spread(self, values: Floats, links: Floats) -> Floats:
        """(H, W) a map (H, W) after it was spread along links (neighbours, H, W)."""

    def known(self, scores: ClassScores) -> ClassScores:
        """Return what is made of scores before they are spread."""
        return scores

    def prepare_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Do what `prepare` does with the image (H, W, 3) uint8; no links of several windows are kept: too large."""
        check_image(image)
        begins, ends = self._preparing
        only = None
        if len(tiles_of(image.shape[:2], self.window_side)) == 1:
            yield Progress(0, 1, begins)
            only = self.links(image)
        yield Progress(1, 1, ends)
        self._image, self._only = image, only

    def refine_steps(
        self, labels: LabelArray, scores: ClassScores | None = None
    ) -> Generator[Progress, None, RefineResult]:
        """Do what `refine` does with labels (H, W), window by window and label by label; ``labels`` stay unchanged."""
        image = self._prepared_image(labels)
        tiles = tiles_of(image.shape[:2], self.window_side)
        known = None if scores is None else self.known(scores)

        def refine(number: int, window: LabelArray) -> Generator[Progress, None, LabelArray]:
            tile, links = tiles[number], self._only
            if links is None:
                links = self.links(image[tile.rows, tile.columns])

            def spread(values: Floats, part: WindowPart) -> Floats:
                return self.spread(values, links[:, *part])

            return highest_map_steps(window, known, tile, spread, reach=self._reach)

        return RefineResult((yield from refine_windows_steps(labels, tiles, refine)))
