"""Is an image still the one that its mask was drawn on?"""

import hashlib
from pathlib import Path

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.read import ImageFile, read_image
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord
from napari_cliptrase.project.image_search import FileStamp

_CHUNK = 1 << 20


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def identify(path: Path, image: ImageFile | None = None) -> ImageIdentity:
    """Return what identifies an image; pass ``image`` when it has been read already."""
    image = read_image(path) if image is None else image
    roles, shape = image.roles, image.array.shape
    axes = "".join(roles.letters[axis] for axis in roles.planes)
    height, width = int(shape[roles.y]), int(shape[roles.x])
    return ImageIdentity(file_sha256(path), path.stat().st_size, height, width, axes, image.plane_shape)


class IdentityCheck:
    """Compares images with what is recorded of them; an image whose stamp is known is not read again."""

    def __init__(self, verified: dict[str, FileStamp]) -> None:
        self._verified = verified
        self._new: dict[str, tuple[FileStamp, ImageIdentity]] = {}

    def learn(self, name: str, path: Path, image: ImageFile) -> None:
        """Remember an image that has been read, so that it is not read again for its size."""
        if self._fresh(name, path) is None:
            self._new[name] = (FileStamp.of(path), identify(path, image))

    def believe(self, name: str, path: Path, identity: ImageIdentity) -> bool:
        """Take over what another process found in an image, if the file holds the same bytes; return whether it does.

        It spares the decoding here, which would cost more than writing the mask.
        """
        if self._fresh(name, path) is not None or name in self._verified:
            return True
        stamp = FileStamp.of(path)
        if stamp.size != identity.size or file_sha256(path) != identity.sha256:
            return False
        self._new[name] = (stamp, identity)
        return True

    def of(self, record: ImageRecord, path: Path) -> ImageIdentity:
        """Return the identity of an image; ImageBlocked when it is gone, cannot be read, or is another one now."""
        try:
            stamp = FileStamp.of(path)
            known = record.identity
            if known is None:
                return self._fresh(record.name, path) or self._identify(record.name, path, stamp)
            if self._verified.get(record.name) == stamp:
                return known
            if stamp.size == known.size and file_sha256(path) == known.sha256:
                self._verified[record.name] = stamp
                return known
        except FileNotFoundError:
            raise ImageBlocked(record.name, f"The image {path} is missing; put it back to continue.") from None
        except (OSError, ImageReadError) as error:
            raise ImageBlocked(record.name, f"The image {path} cannot be read: {error}") from error
        raise ImageBlocked(
            record.name,
            f"The image {path} has changed since its mask was drawn.",
            (Remedy.KEEP_MASK, Remedy.START_OVER),
        )

    def bind(self, name: str, path: Path) -> ImageIdentity:
        """Return the identity of an image as it is now, whatever it was."""
        stamp = FileStamp.of(path)
        identity = identify(path)
        self._verified[name] = stamp
        return identity

    def accept(self, name: str) -> None:
        """Count the identity that `of` returned for a new image as compared."""
        if name in self._new:
            self._verified[name], _ = self._new.pop(name)

    def _identify(self, name: str, path: Path, stamp: FileStamp) -> ImageIdentity:
        identity = identify(path)
        self._new[name] = (stamp, identity)
        return identity

    def _fresh(self, name: str, path: Path) -> ImageIdentity | None:
        stamp, identity = self._new.get(name, (None, None))
        return identity if stamp is not None and stamp == FileStamp.of(path) else None
