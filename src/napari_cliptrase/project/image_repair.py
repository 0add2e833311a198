"""The ways out for an image that is blocked: its backup, its mask as it is, or a new beginning."""

from dataclasses import replace

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy
from napari_cliptrase.project.image_copies import ImageCopies, set_aside
from napari_cliptrase.project.image_record import ImageRecord, PlaneRecord
from napari_cliptrase.project.pixel_provenance import assumed_sources
from napari_cliptrase.project.plane_files import Annotation, DamagedFile, read_mask, read_sources
from napari_cliptrase.project.project_paths import plane_stem
from napari_cliptrase.project.recorded_files import RecordedFiles


class ImageRepair:
    """Applies remedies to the files of an image."""

    def __init__(self, files: RecordedFiles, backup: ImageCopies) -> None:
        self._files = files
        self._backup = backup

    def remedies(self, record: ImageRecord) -> tuple[Remedy, ...]:
        """Return what can be done about a mask that is missing or damaged."""
        if self._backup.find(record.name) is None:
            return (Remedy.START_OVER,)
        return (Remedy.RESTORE_BACKUP, Remedy.START_OVER)

    def apply(self, record: ImageRecord, remedy: Remedy) -> ImageRecord:
        """Apply a remedy; return the new record."""
        if remedy is Remedy.RESTORE_BACKUP:
            return self._restore(record)
        if remedy is Remedy.KEEP_MASK:
            return self._keep_mask(record)
        for key in tuple(record.planes) or ("",):
            self._files.set_aside(record, key)
        return self._files.save(ImageRecord(record.name, record.stem, flag=record.flag, seconds=record.seconds))

    def _restore(self, record: ImageRecord) -> ImageRecord:
        copy = self._backup.find(record.name)
        if copy is None:
            raise ProjectError(f"There is no backup of {record.name}; nothing was changed.")
        for key in copy.keys:
            self._files.set_aside(record, key)
        self._backup.restore(copy)
        planes: dict[str, PlaneRecord] = {key: p for key, p in record.planes.items() if key not in copy.keys}
        planes |= {key: copy.record.planes[key] for key in copy.keys if key in copy.record.planes}
        old = copy.record
        identity = old.identity or record.identity
        return self._files.save(
            replace(old, planes=planes, identity=identity, flag=record.flag, seconds=record.seconds)
        )

    def _keep_mask(self, record: ImageRecord) -> ImageRecord:
        identity = self._files.images.bind(record.name, self._files.paths.image(record.name))
        old = record.identity
        if old is not None and (old.shape, old.planes) != (identity.shape, identity.planes):
            raise ProjectError(
                f"The image {record.name} now has {identity.width} × {identity.height} pixels and its mask "
                f"{old.width} × {old.height}, so they do not fit; put the old image back or start over."
            )
        found: dict[str, Annotation] = {}
        for key in record.planes:
            stem = plane_stem(record.stem, key)
            try:
                labels = read_mask(self._files.paths.mask(stem), identity.shape)
            except DamagedFile as error:
                raise ImageBlocked(record.name, str(error), self.remedies(record)) from error
            try:
                sources = read_sources(self._files.paths.provenance(stem), identity.shape)
            except DamagedFile:
                set_aside(self._files.paths.provenance(stem), self._files.paths.set_aside, f"provenance/{stem}.png")
                sources = assumed_sources(labels)
            found[key] = Annotation(labels, sources)
        return self._files.put(record, identity, found, by_person=None)
