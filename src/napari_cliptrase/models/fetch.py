"""One file from one address to one place: resumed, checked, whole or not at all."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from napari_cliptrase._version import __version__
from napari_cliptrase.errors import Cancelled, ModelError
from napari_cliptrase.models.folders import ENVIRONMENT
from napari_cliptrase.models.hashes import sha256_of

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30
WAIT_SECONDS = 0.2

_HEADERS = {"User-Agent": f"napari-cliptrase/{__version__}", "Accept-Encoding": "identity"}


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str | None,
    size: int | None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    headers: Mapping[str, str] | None = None,
    shown_url: str | None = None,
) -> Path:
    """Download ``url`` to ``target`` and return ``target``.

    What has come so far lies beside it as ``NAME.part``; the next call goes on from there. The target appears only
    when size and hash are right. Of several processes that want it one downloads and the others wait. ``progress``
    gets bytes done and bytes in all (0 when nobody knows), ``cancelled`` is asked once per chunk. ``headers`` go with
    the request; ``shown_url`` stands in messages where the true address is long or secret. Raises `ModelError` with
    one sentence, or `Cancelled`, which keeps the part.
    """
    part = target.with_name(target.name + ".part")
    request = urllib.request.Request(url, headers={**_HEADERS, **(headers or {})})
    url = shown_url or url
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _turn(target, cancelled):
            if sha256 is not None and target.exists() and sha256_of(target, fresh=True) == sha256:
                return target  # another process has brought it meanwhile
            _require_room(part, size)
            _download(request, part, size, progress, cancelled)
            _check(url, part, target, sha256, size)
            os.replace(part, target)
    except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise ModelError(
            f"{target.name} could not be downloaded from {url} ({reason_of(error)}); try again to go on from where it "
            f"stopped, or put the file into {target.parent} yourself."
        ) from error
    except OSError as error:
        raise ModelError(f"{target.name} could not be written to {target.parent} ({reason_of(error)}).") from error
    return target


def reason_of(error: BaseException) -> str:
    """Return in a few words why the network or the disk failed."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        return reason_of(error.reason)
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().rstrip(".") or type(error).__name__


@contextmanager
def _turn(target: Path, cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """Wait until no other process downloads ``target``; a process that dies gives its turn away."""
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            break
        except Timeout:
            if cancelled is not None and cancelled():
                raise Cancelled(f"Waiting for another download of {target.name} was cancelled.") from None
    try:
        yield
    finally:
        lock.release()


def _require_room(part: Path, size: int | None) -> None:
    if size is None:
        return
    missing = size - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(part.parent).free
    if free < missing:
        raise ModelError(
            f"{part.parent} has {free / 1e9:.1f} GB free and the download needs {missing / 1e9:.1f} GB; make room, or "
            f"set {ENVIRONMENT} to another folder."
        )


def _download(
    request: urllib.request.Request,
    part: Path,
    size: int | None,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have == size:
        return  # all there, and the check before the last move did not come
    if size is not None and have > size:
        have = 0
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        # the part is no beginning of this file
        part.unlink()
        request.remove_header("Range")
        _download(request, part, size, progress, cancelled)
        return
    with response:
        if response.status != 206:
            have = 0  # the server knows no ranges and sends the file from its beginning
        with part.open("r+b" if have else "wb") as stream:
            stream.seek(have)
            _copy(response, stream, have, size, progress, cancelled)


def _copy(
    response: HTTPResponse,
    stream: IO[bytes],
    have: int,
    size: int | None,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    length = response.headers.get("Content-Length")
    total = have + int(length) if length else size or 0
    while True:
        if progress is not None:
            progress(have, total)
        if cancelled is not None and cancelled():
            raise Cancelled("The download was cancelled; the next one goes on from where it stopped.")
        try:
            chunk = response.read(CHUNK)
        except OSError as error:  # of the network and not of the disk
            raise ConnectionError(reason_of(error)) from error
        if not chunk:
            break
        stream.write(chunk)
        have += len(chunk)
    stream.flush()
    os.fsync(stream.fileno())
    if have < total:
        raise ConnectionError(f"the connection ended after {have} of {total} bytes")


def _check(url: str, part: Path, target: Path, sha256: str | None, size: int | None) -> None:
    found_size = part.stat().st_size
    if size is not None and found_size != size:
        part.unlink()
        raise ModelError(
            f"{target.name} from {url} has {found_size} bytes instead of {size}; it was thrown away, try again later."
        )
    if sha256 is None:
        return
    found = sha256_of(part, fresh=True)
    if found != sha256:
        part.unlink()
        raise ModelError(
            f"{target.name} from {url} is damaged: its SHA-256 is {found} instead of {sha256}; it was thrown away, "
            "try again."
        )
