import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cliptrase.project.tiled_snapshot import TiledSnapshot

REGION = st.tuples(st.integers(0, 1100), st.integers(1, 700), st.integers(0, 600), st.integers(1, 700))


@settings(max_examples=30)
@given(st.lists(st.none() | REGION, max_size=6))
def test_a_snapshot_is_the_plane_after_any_strokes_and_never_changes(
    strokes: list[tuple[int, int, int, int] | None],
) -> None:
    plane = np.zeros((1100, 600), np.uint16)
    snapshot = TiledSnapshot.of(plane)
    taken = [(snapshot, plane.copy())]
    for value, stroke in enumerate(strokes, start=1):
        top, height, left, width = stroke or (500, 30, 500, 30)
        region = (slice(top, min(top + height, 1100)), slice(left, min(left + width, 600)))
        plane[region] = value
        snapshot = snapshot.updated(plane, None if stroke is None else region)
        taken.append((snapshot, plane.copy()))
    for old, expected in taken:
        assert np.array_equal(old.array(), expected)
