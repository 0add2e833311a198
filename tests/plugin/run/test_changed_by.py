import numpy as np

from napari_cliptrase.plugin.run.changed_by import ChangedBy
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

A = "image0000.png"


def test_a_models_pixels_are_no_work_of_a_person(photos):
    labels = np.ones((40, 60), np.uint8)
    told = []
    with Project.create(photos) as project:
        saves = ChangedBy(project, told.append)
        saves.write(A, labels, labels * np.uint8(Provenance.MODEL))
        assert project.record(A).state is State.PRE_ANNOTATED
        sources = labels * np.uint8(Provenance.MODEL)
        sources[3, 3] = Provenance.HAND
        saves.write(A, labels, sources)
        assert project.record(A).state is State.IN_PROGRESS
    assert told == [A, A]
