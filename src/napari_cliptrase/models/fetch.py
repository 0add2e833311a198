"""Download one file: resumable, verified, and complete or not there.

From any address, or from a Hugging Face repository: huggingface_hub finds out where a file is, how large, and with what
hash, but discards what it has when a download is stopped, so this module fetches the bytes itself.
"""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from napari_cliptrase._version import __version__
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.folders import CACHE_VARIABLE
from napari_cliptrase.models.verify import as_sha256, sha256_of, write_expected
from napari_cliptrase.progress import Progress

DOWNLOAD_CHUNK = 1 << 20
TIMEOUT_SECONDS = 30
WAIT_SECONDS = 0.2

_HEADERS = {"User-Agent": f"napari-cliptrase/{__version__}", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class HubFile:
    """A file of a Hugging Face repository; ``address`` is for people, ``location`` is where the bytes are."""

    filename: str
    address: str
    location: str
    sha256: str | None
    size: int | None
    headers: dict[str, str]


def fetch_steps(
    url: str,
    target: Path,
    *,
    sha256: str | None,
    size: int | None,
    headers: Mapping[str, str] | None = None,
    shown_url: str | None = None,
) -> Generator[Progress, None, Path]:
    """Download ``url`` to ``target`` and return ``target``.

    The partial download is kept beside it as ``NAME.part``, also when the generator is closed; the next call continues
    there. The target appears only when size and hash are right. Of several processes that want it one downloads and the
    others wait. ``headers`` go with the request; ``shown_url`` stands in messages where the true address is long or
    secret. Raises `ModelError` with one sentence.
    """
    part = target.with_name(target.name + ".part")
    request = urllib.request.Request(url, headers={**_HEADERS, **(headers or {})})
    url = shown_url or url
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield from _turn_steps(lock, target)
        try:
            if sha256 is not None and target.exists() and sha256_of(target, fresh=True) == sha256:
                return target  # another process has downloaded it meanwhile
            _require_room(part, size)
            yield from _download_steps(request, part, size, f"downloading {target.name}")
            _check(url, part, target, sha256, size)
            os.replace(part, target)
        finally:
            lock.release()
    except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise ModelError(
            f"{target.name} could not be downloaded from {url} ({fetch_error_text(error)}); try again to go on from "
            f"where it stopped, or put the file into {target.parent} yourself."
        ) from error
    except OSError as error:
        raise ModelError(
            f"{target.name} could not be written to {target.parent} ({fetch_error_text(error)})."
        ) from error
    return target


def look_up(repository: str, filenames: tuple[str, ...], folder: Path) -> HubFile:
    """Return the first of ``filenames`` that the repository has; ``folder`` is named in the error without network."""
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    endpoint = os.environ.get("HF_ENDPOINT") or None
    address = ""
    try:
        for filename in filenames:
            address = hf_hub_url(repository, filename, endpoint=endpoint)
            try:
                found = get_hf_file_metadata(address, endpoint=endpoint)
            except errors.EntryNotFoundError:
                continue
            # the token is for Hugging Face, not for the servers that it sends us to
            same = urlsplit(found.location).netloc == urlsplit(address).netloc
            token = build_hf_headers().get("authorization") if same else None
            headers = {"Authorization": token} if token else {}
            return HubFile(filename, address, found.location, as_sha256(found.etag), found.size, headers)
    except errors.GatedRepoError as error:
        raise ModelError(
            f"{repository} requires that you accept its terms: open https://huggingface.co/{repository}, accept "
            "them, and log in "
            "with: hf auth login"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f"Hugging Face has no repository {repository}; check its name, or log in with: hf auth login"
        ) from error
    except Exception as error:  # the kind depends on the release of huggingface_hub and its transport
        raise ModelError(
            f"{filename} cannot be downloaded from {address} ({_hub_reason(error)}); put it into {folder}, or try "
            "again when there is a network."
        ) from error
    raise ModelError(f"The repository {repository} has none of the files {', '.join(filenames)}.")


def fetch_from_hub_steps(repository: str, filenames: tuple[str, ...], folder: Path) -> Generator[Progress, None, Path]:
    """Download the first of ``filenames`` that a repository has into ``folder``, and note its hash beside it."""
    yield Progress(0, 0, f"looking up {repository} on Hugging Face")
    file = look_up(repository, filenames, folder)
    target = yield from fetch_steps(
        file.location,
        folder / file.filename,
        sha256=file.sha256,
        size=file.size,
        headers=file.headers,
        shown_url=file.address,
    )
    if file.sha256:
        write_expected(target, file.sha256)
    return target


def fetch_error_text(error: BaseException) -> str:
    """Return in a few words why the network or the disk failed."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        return fetch_error_text(error.reason)
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().rstrip(".") or type(error).__name__


def _hub_reason(error: BaseException) -> str:
    if type(error).__name__ == "OfflineModeIsEnabled":
        return "HF_HUB_OFFLINE is set"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return fetch_error_text(cause)
        cause = cause.__cause__ or cause.__context__
    return fetch_error_text(error).splitlines()[0]


def _turn_steps(lock: FileLock, target: Path) -> Iterator[Progress]:
    """Wait until no other process downloads ``target``; a process that dies releases the lock."""
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            return
        except Timeout:
            yield Progress(0, 0, f"waiting for another download of {target.name}")


def _require_room(part: Path, size: int | None) -> None:
    if size is None:
        return
    missing = size - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(part.parent).free
    if free < missing:
        raise ModelError(
            f"{part.parent} has {free / 1e9:.1f} GB free and the download needs {missing / 1e9:.1f} GB; make room, or "
            f"set {CACHE_VARIABLE} to another folder."
        )


def _download_steps(request: urllib.request.Request, part: Path, size: int | None, text: str) -> Iterator[Progress]:
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have == size:
        return  # complete, but not checked and moved yet
    if size is not None and have > size:
        have = 0
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        # the part is not the beginning of this file
        part.unlink()
        request.remove_header("Range")
        yield from _download_steps(request, part, size, text)
        return
    with response:
        if response.status != 206:
            have = 0  # the server does not support ranges and sends the whole file
        with part.open("r+b" if have else "wb") as stream:
            stream.seek(have)
            yield from _copy_steps(response, stream, have, size, text)


def _copy_steps(
    response: HTTPResponse, stream: IO[bytes], have: int, size: int | None, text: str
) -> Iterator[Progress]:
    length = response.headers.get("Content-Length")
    total = have + int(length) if length else size or 0
    while True:
        yield Progress(have, total, text, "bytes")
        try:
            chunk = response.read(DOWNLOAD_CHUNK)
        except OSError as error:  # of the network and not of the disk
            raise ConnectionError(fetch_error_text(error)) from error
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
            f"{target.name} from {url} has {found_size} bytes instead of {size}; it was deleted, try again later."
        )
    if sha256 is None:
        return
    found = sha256_of(part, fresh=True)
    if found != sha256:
        part.unlink()
        raise ModelError(
            f"{target.name} from {url} is damaged: its SHA-256 is {found} instead of {sha256}; it was deleted, "
            "try again."
        )
