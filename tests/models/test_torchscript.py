import zipfile

import torch

from napari_cliptrase.models.torchscript import is_torchscript


def test_an_archive_with_code_is_torchscript(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("model/code/__torch__.py", "")
    assert is_torchscript(tmp_path / "model.pt")


def test_a_checkpoint_and_other_files_are_not(tmp_path):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "checkpoint.pt")
    (tmp_path / "text.pt").write_text("no archive")
    (tmp_path / "model.safetensors").write_bytes(b"PK\x03\x04")
    assert not is_torchscript(tmp_path / "checkpoint.pt")
    assert not is_torchscript(tmp_path / "text.pt")
    assert not is_torchscript(tmp_path / "model.safetensors")


def test_a_damaged_archive_is_none(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("model/code/__torch__.py", "")
    content = bytearray((tmp_path / "model.pt").read_bytes())
    content[content.index(b"PK\x01\x02")] ^= 1  # where the list of the files begins
    (tmp_path / "model.pt").write_bytes(content)
    assert not is_torchscript(tmp_path / "model.pt")
