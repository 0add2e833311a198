from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.masks.nrrd_file import encode_nrrd, read_nrrd

nrrd = pytest.importorskip("nrrd", reason="pynrrd is the other reader")


@given(
    hnp.arrays(st.sampled_from([np.uint8, np.uint16, np.uint32]), hnp.array_shapes(min_dims=3, max_dims=3, max_side=5)),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_the_content_comes_back(new_folder, data, text):
    path = new_folder() / "a.nrrd"
    path.write_bytes(encode_nrrd(data, {"space": "left-posterior-superior"}, {"key": f"x{text}\\n\n"}))
    back, fields = read_nrrd(path)
    np.testing.assert_array_equal(back, data)
    assert back.dtype == data.dtype
    assert fields["key"] == f"x{text}\\n\n"
    again, header = nrrd.read(str(path))
    np.testing.assert_array_equal(again, data)
    assert header["space"] == "left-posterior-superior"


@pytest.mark.parametrize("encoding", ["gzip", "raw"])
@pytest.mark.parametrize("kind", ["<i2", ">u4", "<u1"])
def test_files_of_pynrrd_are_read(encoding, kind, tmp_path):
    data = np.arange(24).reshape(2, 3, 4).astype(kind)
    stream = BytesIO()
    nrrd.write(stream, data, {"encoding": encoding})
    (tmp_path / "a.nrrd").write_bytes(stream.getvalue())
    np.testing.assert_array_equal(read_nrrd(tmp_path / "a.nrrd")[0], data)


@pytest.mark.parametrize(
    ("line", "says"),
    [("type: float", "'float'"), ("encoding: bzip2", "'bzip2'"), ("data file: x.raw", "another file")],
)
def test_what_is_not_understood_is_an_error(line, says, tmp_path):
    lines = ["NRRD0004", "type: uchar", "dimension: 1", "sizes: 1", "encoding: raw", line]
    (tmp_path / "a.nrrd").write_bytes("\n".join(lines).encode() + b"\n\n\0")
    with pytest.raises(ValueError, match=says):
        read_nrrd(tmp_path / "a.nrrd")
