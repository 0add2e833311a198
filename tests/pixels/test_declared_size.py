import pytest

from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared


def test_what_a_file_can_hold_passes():
    check_declared(1000, 1000)
    check_declared(DEFLATE * 1000, 1000, ratio=DEFLATE)


@pytest.mark.parametrize(("size", "held", "ratio"), [(2000, 1000, 1), (10**9, 1000, DEFLATE), (-1, 1000, 1)])
def test_a_header_that_lies_is_refused(size, held, ratio):
    with pytest.raises(ValueError, match=r"declares .* bytes of pixels, more than its 1,000 bytes can hold"):
        check_declared(size, held, ratio=ratio)


def test_what_the_memory_cannot_hold_is_refused():
    with pytest.raises(MemoryError, match="GB are free"):
        check_declared(10**15, 10**15)
