"""Files of Hugging Face repositories.

huggingface_hub finds out where a file is, how large, and with what hash; `fetch` brings it, since huggingface_hub
throws away what has come when a download is stopped.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.fetch import fetch, reason_of
from napari_cliptrase.models.folders import openai_folder
from napari_cliptrase.models.locate import openai_archive


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded; ``address`` is for people, ``location`` is where the bytes are."""

    filename: str
    address: str
    location: str
    sha256: str | None
    size: int | None
    headers: dict[str, str]


def look_up(repository: str, filenames: tuple[str, ...], folder: Path) -> RemoteFile:
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
            return RemoteFile(filename, address, found.location, _sha256(found.etag), found.size, headers)
    except errors.GatedRepoError as error:
        raise ModelError(
            f"{repository} wants its terms accepted: open https://huggingface.co/{repository}, accept them, and log in "
            "with: hf auth login"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f"Hugging Face has no repository {repository}; check its name, or log in with: hf auth login"
        ) from error
    except Exception as error:  # the kind depends on the release of huggingface_hub and its transport
        raise ModelError(
            f"{filename} cannot be downloaded from {address} ({_reason(error)}); put it into {folder}, or try again "
            "when there is a network."
        ) from error
    raise ModelError(f"The repository {repository} has none of the files {', '.join(filenames)}.")


def download_from_hub(
    remote: RemoteFile,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Bring a file into ``folder`` and note its hash beside it, as ``sha256sum -c`` reads it."""
    target = fetch(
        remote.location,
        folder / remote.filename,
        sha256=remote.sha256,
        size=remote.size,
        progress=progress,
        cancelled=cancelled,
        headers=remote.headers,
        shown_url=remote.address,
    )
    if remote.sha256:
        write_expected(target, remote.sha256)
    return target


def write_expected(path: Path, sha256: str) -> None:
    """Note beside a file what its SHA-256 has to be."""
    path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n")


def expected_sha256(path: Path) -> str | None:
    """Return what the SHA-256 of a downloaded file has to be, or None when nobody noted it.

    In the cache of Hugging Face a file is a link to a blob whose name is the hash; the archives of OpenAI were
    published under theirs.
    """
    blob = _sha256(path.resolve().name)
    if blob is not None:
        return blob
    try:
        return _sha256(path.with_name(f"{path.name}.sha256").read_text().split()[0])
    except (OSError, IndexError):
        pass
    if path.parent == openai_folder():
        from napari_cliptrase.models.openclip import openai_hashes

        return next((found for found, name in openai_hashes().items() if openai_archive(name) == path.name), None)
    return None


def _sha256(text: str | None) -> str | None:
    return text if text and re.fullmatch(r"[0-9a-f]{64}", text) else None


def _reason(error: BaseException) -> str:
    if type(error).__name__ == "OfflineModeIsEnabled":
        return "HF_HUB_OFFLINE is set"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return reason_of(cause)
        cause = cause.__cause__ or cause.__context__
    return reason_of(error).splitlines()[0]
