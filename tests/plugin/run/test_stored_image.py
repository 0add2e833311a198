import numpy as np

from napari_cliptrase.plugin.run.stored_image import StoredImage
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation


def test_what_was_stored_stays_when_its_arrays_are_drawn_on():
    labels, sources = np.ones((40, 60), np.uint8), np.full((40, 60), Provenance.MODEL, np.uint8)
    stored = StoredImage.of("a.png", {(2,): Annotation(labels, sources)})
    labels[:], sources[:] = 2, Provenance.HAND
    before, origin = stored.snapshots[2,]
    assert (before.array() == 1).all()
    assert (origin.array() == Provenance.MODEL).all()
