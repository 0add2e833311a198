import hashlib
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import fetch as fetching
from napari_cliptrase.models.fetch import fetch_steps
from napari_cliptrase.progress import Progress, run_to_end

DATA = bytes(range(256)) * 4000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "DOWNLOAD_CHUNK", 100_000)


@pytest.fixture
def target(tmp_path: Path, server: Any) -> Path:
    server.files["/w.pth"] = DATA
    return tmp_path / "new folder" / "w.pth"


def steps(server: Any, target: Path, **options: Any) -> Generator[Progress, None, Path]:
    return fetch_steps(f"{server.url}/w.pth", target, **{"sha256": SHA, "size": len(DATA), **options})


def get(server: Any, target: Path, **options: Any) -> Path:
    return run_to_end(steps(server, target, **options))


def files(target: Path) -> list[str]:
    """What a user sees in the folder; some systems keep an empty lock there."""
    return [name for name in os.listdir(target.parent) if not name.endswith(".lock")]


def alone(target: Path) -> bool:
    return files(target) == [target.name]


def test_brings_the_file_and_counts_bytes(server: Any, target: Path) -> None:
    reported: list[Progress] = []
    assert run_to_end(steps(server, target), reported.append) == target
    assert {step.unit for step in reported} == {"bytes"}
    counts = [(step.done, step.total) for step in reported]
    assert target.read_bytes() == DATA
    assert alone(target)
    assert counts[0] == (0, len(DATA))
    assert counts[-1] == (len(DATA), len(DATA))
    assert counts == sorted(counts)
    assert len(counts) > 5


def test_goes_on_from_where_a_broken_connection_stopped(server: Any, target: Path) -> None:
    server.break_after = 400_000
    with pytest.raises(ModelError, match=r"w\.pth could not be downloaded from .*try again to go on"):
        get(server, target)
    assert not target.exists()
    kept = target.with_name("w.pth.part").stat().st_size
    assert 0 < kept <= 400_000
    server.break_after = None
    get(server, target)
    assert target.read_bytes() == DATA
    assert alone(target)
    assert server.requests[-1][2]["range"] == f"bytes={kept}-"


def test_cancel_keeps_what_has_come(server: Any, target: Path) -> None:
    work = steps(server, target)
    kept = next(step.done for step in work if step.done > 2e5)
    work.close()
    part = target.with_name("w.pth.part")
    assert DATA.startswith(part.read_bytes())
    assert part.stat().st_size == kept < len(DATA)
    assert next(steps(server, target)).done == kept
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_server_without_ranges_sends_all_again(server: Any, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("w.pth.part").write_bytes(b"\0" * 5000)
    server.ranges = False
    get(server, target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("length", [len(DATA), len(DATA) + 7])
def test_a_foreign_part_is_thrown_away(server: Any, target: Path, length: int) -> None:
    target.parent.mkdir()
    target.with_name("w.pth.part").write_bytes(b"\0" * length)
    try:
        get(server, target)
    except ModelError:
        get(server, target)
    assert target.read_bytes() == DATA


def test_a_part_longer_than_the_file_when_no_one_knows_its_size(server: Any, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("w.pth.part").write_bytes(b"\0" * (len(DATA) + 7))
    get(server, target, size=None)
    assert target.read_bytes() == DATA


def test_a_finished_part_is_not_downloaded_again(server: Any, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("w.pth.part").write_bytes(DATA)
    get(server, target)
    assert target.read_bytes() == DATA
    assert server.requests == []


def test_wrong_hash_names_both_and_leaves_nothing(server: Any, target: Path) -> None:
    with pytest.raises(ModelError) as caught:
        get(server, target, sha256="0" * 64)
    assert SHA in str(caught.value)
    assert "0" * 64 in str(caught.value)
    assert files(target) == []


def test_wrong_size_names_both(server: Any, target: Path) -> None:
    with pytest.raises(ModelError, match=f"has {len(DATA)} bytes instead of 5000000"):
        get(server, target, size=5_000_000)
    assert files(target) == []


def test_a_bad_download_leaves_the_old_file(server: Any, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(ModelError):
        get(server, target, sha256="0" * 64)
    assert target.read_bytes() == b"old"


def test_missing_file_is_one_sentence_with_the_answer(server: Any, target: Path) -> None:
    with pytest.raises(ModelError, match="the server answered 404 Not Found") as caught:
        run_to_end(fetch_steps(f"{server.url}/none.pth", target, sha256=None, size=None))
    assert str(target.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_network_it_says_where_to_put_the_file(target: Path, no_network: list[object]) -> None:
    with pytest.raises(ModelError) as caught:
        run_to_end(fetch_steps("http://example.org/w.pth", target, sha256=None, size=None))
    assert "Network is unreachable" in str(caught.value)
    assert f"put the file into {target.parent} yourself" in str(caught.value)
    assert no_network


def test_a_folder_that_cannot_be_written_is_named(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="could not be written to"):
        get(server, tmp_path / "file" / "w.pth")


def test_headers_go_along_and_long_addresses_stay_out_of_messages(server: Any, target: Path) -> None:
    with pytest.raises(ModelError) as caught:
        get(server, target, sha256="0" * 64, headers={"Authorization": "Bearer x"}, shown_url="https://nice.example/w")
    assert server.requests[-1][2]["authorization"] == "Bearer x"
    assert "127.0.0.1" not in str(caught.value)
    assert "https://nice.example/w" in str(caught.value)


def test_two_at_a_time_download_once(server: Any, target: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: get(server, target), range(4)))
    assert set(paths) == {target}
    assert target.read_bytes() == DATA
    assert server.paths() == ["/w.pth"]


def test_waiting_for_another_download_can_be_cancelled(server: Any, target: Path) -> None:
    target.parent.mkdir()
    with FileLock(target.with_name(".w.pth.lock")):
        work = steps(server, target)
        assert next(work).text == "waiting for another download of w.pth"
        work.close()
    assert server.requests == []


def test_a_full_disk_is_reported_before_the_download(
    server: Any, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: SimpleNamespace(free=300_000_000))
    with pytest.raises(ModelError, match=r"0\.3 GB free and the download needs 4\.0 GB"):
        get(server, target, size=4_000_000_000)
    assert server.requests == []
