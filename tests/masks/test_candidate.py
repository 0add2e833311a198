from napari_cliptrase.masks.candidate import Candidate


def test_json_is_there_for_json_files_only(tmp_path):
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "a.txt").write_text("[1]")
    assert Candidate(tmp_path / "a.json").json == [1]
    assert Candidate(tmp_path / "a.txt").json is None
    assert Candidate(tmp_path).json is None
