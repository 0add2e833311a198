import numpy as np

from napari_cliptrase.plugin.tools.region_parts import RegionParts

REGIONS = np.array(
    [
        [0, 0, 1, -1],
        [1, 1, 0, -1],
        [1, 1, 0, 0],
    ],
    np.int32,
)


def test_parts_of_one_region_that_touch_only_at_a_corner_are_two():
    parts = RegionParts.of(REGIONS)
    assert parts.index_at(0, 0) != parts.index_at(1, 2)
    assert parts.index_at(1, 2) == parts.index_at(2, 3)
    assert parts.index_at(0, 2) != parts.index_at(1, 1)
    assert len(parts) == 4


def test_a_part_lists_its_pixels_in_the_image():
    parts = RegionParts.of(REGIONS)
    rows, columns = parts.part(parts.index_at(2, 2)).pixels
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(1, 2), (2, 2), (2, 3)]


def test_no_part_outside_the_image_or_where_there_is_no_region():
    parts = RegionParts.of(REGIONS)
    assert parts.index_at(0, 3) == -1
    assert parts.index_at(-1, 0) == -1
    assert parts.index_at(0, 4) == -1
    assert parts.index_at(3, 0) == -1


def test_parts_cover_each_region_pixel_once():
    regions = np.random.default_rng(0).integers(-1, 3, (40, 30)).astype(np.int32)
    parts = RegionParts.of(regions)
    counts = np.zeros(regions.shape, int)
    for index in range(len(parts)):
        counts[parts.part(index).pixels] += 1
    np.testing.assert_array_equal(counts, regions != -1)
