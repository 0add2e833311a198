"""Who decided what a pixel is, after a person or a model wrote labels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.project.pixel_provenance import (
    Provenance,
    assumed_sources,
    merge_result,
    sources_after_edit,
)

SHAPE = (4, 5)
LABELS = arrays.arrays(np.uint8, SHAPE, elements=st.integers(0, 3))
SOURCES = arrays.arrays(np.uint8, SHAPE, elements=st.integers(0, 4))


@given(
    LABELS, SOURCES, LABELS, st.sampled_from([MergeMode.KEEP_EDITS, MergeMode.FILL_EMPTY]), st.sets(st.integers(1, 3))
)
def test_no_run_changes_what_a_person_decided(labels, sources, proposed, mode, locked) -> None:
    merged, after = merge_result(labels, sources, proposed, mode=mode, locked_ids=locked)
    decided = sources >= Provenance.HAND
    assert np.array_equal(merged[decided], labels[decided])
    assert np.array_equal(after[decided], sources[decided])
    if mode is MergeMode.FILL_EMPTY:
        assert np.array_equal(merged[labels != 0], labels[labels != 0])
    for value in locked:
        assert np.array_equal(merged == value, labels == value)


@given(
    LABELS, SOURCES, LABELS, st.sampled_from(list(MergeMode)), st.sampled_from([Provenance.MODEL, Provenance.REFINED])
)
def test_what_a_run_changed_is_reported_as_its_own(labels, sources, proposed, mode, kind) -> None:
    merged, after = merge_result(labels, sources, proposed, mode=mode, kind=kind)
    changed = merged != labels
    assert (merged[changed] == proposed[changed]).all()
    assert (after[changed & (merged != 0)] == kind).all()
    assert (after[changed & (merged == 0)] == Provenance.NONE).all()
    again = merge_result(merged, after, proposed, mode=mode, kind=kind)
    assert np.array_equal(again[0], merged)
    assert np.array_equal(again[1], after)


def test_a_wide_proposal_is_not_cut() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    merged, _ = merge_result(labels, labels, np.full(SHAPE, 300, np.uint16))
    assert (merged == 300).all()


@given(LABELS, LABELS, SOURCES)
def test_an_edit_is_by_hand_where_it_changed_something(before, after, sources) -> None:
    found = sources_after_edit(before, after, sources)
    assert (found[before != after] == Provenance.HAND).all()
    assert np.array_equal(found[before == after], sources[before == after])


@given(LABELS)
def test_a_mask_without_provenance_is_protected(labels) -> None:
    sources = assumed_sources(labels)
    merged, _ = merge_result(labels, sources, np.full(SHAPE, 3, np.uint8))
    assert np.array_equal(merged[labels != 0], labels[labels != 0])
