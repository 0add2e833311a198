"""A mask format: a pure encoder and decoder; all files are written and read here."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import Cancelled, MaskFormatError
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import ExportReport, Tally, refuse_losses
from napari_cliptrase.masks.mask_regions import objects_differ_from_parts
from napari_cliptrase.masks.naming import unique
from napari_cliptrase.masks.output_place import FILE_SUFFIXES, Layout, OutputPlace
from napari_cliptrase.masks.read_errors import read_error_text
from napari_cliptrase.masks.staging import OutFile, OutFolder, staged
from napari_cliptrase.masks.written_record import refuse_edited
from napari_cliptrase.progress import Progress, Watch, run_to_end


class Objects(StrEnum):
    """When a format separates objects of one class."""

    NEVER = "never"
    ASKED = "asked"
    """With the option ``instances``."""
    ALWAYS = "always"


Encoder = Callable[[Iterable[LabelImage], OutputPlace, ExportOptions, Tally], Iterator[OutFile | OutFolder | Progress]]
Decoder = Callable[[Path], Iterable[LabelImage | Progress]]


def _distinct(mask: LabelImage, stems: set[str], images: set[str], tally: Tally) -> LabelImage:
    """Return the mask under a stem that no other mask in the file has; say when two belong to one image."""
    stem = unique(mask.stem, stems)
    if mask.image_name is not None and mask.image_name in images:
        tally.note(f"Several masks belong to image {mask.image_name!r}; each is listed as an image of that name.")
    elif mask.image_name is None and stem != mask.stem:
        tally.note(f"Several masks are called {mask.stem!r}; one of them is called {stem!r} in the file.")
    if mask.image_name is not None:
        images.add(mask.image_name)
    return mask if stem == mask.stem else mask.renamed(stem)


@dataclass(frozen=True)
class MaskFormat:
    """A file format for masks.

    Attributes
    ----------
    key, title, description
        Name on the command line, name for people, and one line on who reads it.
    extensions
        Suffixes of the file a user names, the usual one first.
    layout
        What a target names.
    encode
        Yields the files of an export; writes nothing itself.
    decode
        Reads masks back; None when the format does not hold enough for that.
    recognises
        Whether an existing path looks like this format; decides between formats that share a suffix.
    lossless
        Whether every label comes back.
    stacks
        Axes besides Y and X that a file can hold (``"*"``: all); a mask with others becomes several files.
    void
        Whether it has a place for pixels that are neither a class nor background.
    objects
        When it separates objects of one class.
    scores
        Whether it holds class scores.
    default_name
        File name in a target folder, for layout ONE.
    folders
        Whether the "file" of this format is a folder, as with zarr.
    extra, module
        The pip extra that brings the library the format needs, and the library.
    """

    key: str
    title: str
    description: str
    extensions: tuple[str, ...]
    layout: Layout
    encode: Encoder
    decode: Decoder | None = None
    recognises: Callable[[Candidate], bool] | None = None
    lossless: bool = True
    stacks: str = ""
    void: bool = False
    objects: Objects = Objects.NEVER
    scores: bool = False
    default_name: str = ""
    folders: bool = False
    extra: str | None = None
    module: str | None = None

    @property
    def available(self) -> bool:
        """Whether the library that the format needs is installed."""
        return self.module is None or find_spec(self.module) is not None

    def write(
        self,
        masks: LabelImage | Iterable[LabelImage],
        target: str | Path,
        options: ExportOptions | None = None,
        watch: Watch | None = None,
    ) -> ExportReport:
        """Export masks: all files appear together or, after an error, none changes.

        ``watch`` is called with the progress; it may raise to stop, and then nothing changes either.
        """
        return run_to_end(self.write_steps(masks, target, options), watch)

    def write_steps(
        self, masks: LabelImage | Iterable[LabelImage], target: str | Path, options: ExportOptions | None = None
    ) -> Generator[Progress, None, ExportReport]:
        """Export masks step by step; a generator that is closed before its end leaves everything as it was."""
        return self._export(masks, Path(target), options or ExportOptions(), commit=True)

    def preview(
        self, masks: LabelImage | Iterable[LabelImage], target: str | Path, options: ExportOptions | None = None
    ) -> ExportReport:
        """Return the report that `write` would give, without writing anything."""
        return run_to_end(self.preview_steps(masks, target, options))

    def preview_steps(
        self, masks: LabelImage | Iterable[LabelImage], target: str | Path, options: ExportOptions | None = None
    ) -> Generator[Progress, None, ExportReport]:
        """Make the report of `preview` step by step."""
        return self._export(masks, Path(target), replace(options or ExportOptions(), strict=False), commit=False)

    def read(
        self, source: str | Path, classes: ClassTable | None = None, watch: Watch | None = None
    ) -> tuple[LabelImage, ...]:
        """Read masks back; ``classes`` replaces the class table of the file, ``watch`` is called with the progress."""
        return run_to_end(self.read_steps(source, classes), watch)

    def read_steps(
        self, source: str | Path, classes: ClassTable | None = None
    ) -> Generator[Progress, None, tuple[LabelImage, ...]]:
        """Read masks back step by step; see `read`."""
        path = Path(source)
        if self.decode is None:
            raise MaskFormatError(f"{self.title} can be written but not read back; {path} stays closed.")
        self.need_library()
        masks: list[LabelImage] = []
        try:
            if not path.exists():
                raise MaskFormatError(f"{path} does not exist; check the name.")
            if not path.is_file() and not path.is_dir():
                raise MaskFormatError(f"{path} is a pipe or a device, not a file; name a file or a folder.")
            for found in self.decode(self.file_of(path)):
                if isinstance(found, Progress):
                    yield found
                else:
                    masks.append(found if classes is None else replace(found, classes=classes))
                    yield Progress(len(masks), len(masks), found.stem)
        except Cancelled:
            raise
        except MaskFormatError as error:
            if str(path.parent) in str(error):
                raise
            raise MaskFormatError(f"{path}: {error}") from error
        except Exception as error:  # each library has errors of its own for damaged files
            raise MaskFormatError(f"{path} cannot be read as {self.title}: {read_error_text(error)}.") from error
        return tuple(masks)

    def file_of(self, path: Path) -> Path:
        """Return the file to read: where a folder was named for an export to one file, the file in it."""
        inside = path / self.default_name
        return inside if self.layout is Layout.ONE and path.is_dir() and inside.is_file() else path

    def place(self, target: Path) -> OutputPlace:
        """Return where an export to ``target`` goes."""
        named = target.name.lower().endswith(self.extensions) and (self.folders or not target.is_dir())
        if not named and not target.exists() and target.name.lower().endswith(FILE_SUFFIXES):
            expected = f"a file with {' or '.join(self.extensions)}, or a folder" if self.extensions else "a folder"
            raise MaskFormatError(
                f"{target} is named like a file of another format than {self.title}; name {expected}."
            )
        if self.layout is Layout.FOLDER or not named:
            if target.is_file():
                raise MaskFormatError(f"{target} is a file, but {self.title} needs a folder; choose another name.")
            return (
                OutputPlace(target, None) if self.layout is not Layout.ONE else OutputPlace(target, self.default_name)
            )
        return OutputPlace(target.parent, target.name)

    def _export(
        self, masks: LabelImage | Iterable[LabelImage], target: Path, options: ExportOptions, *, commit: bool
    ) -> Generator[Progress, None, ExportReport]:
        self.need_library()
        masks = [masks] if isinstance(masks, LabelImage) else masks
        tally = Tally(expected=len(masks) if isinstance(masks, Sized) else 0)
        try:
            place = replace(self.place(target), protect=options.protect)
            items = self.encode(self._prepared(masks, place, options, tally), place, options, tally)
            if not commit:
                paths = []
                for item in items:
                    if isinstance(item, Progress):
                        yield item
                    else:
                        paths.append(place.folder / PurePosixPath(item.path))
                return tally.report(self.key, tuple(paths))
            with staged(place.folder) as staging:
                for item in items:
                    if not isinstance(item, Progress):
                        staging.add(item)
                        item = tally.progress(item.path)
                    yield item
                report = tally.report(self.key, tuple(staging.paths))
                if not report.images:
                    raise MaskFormatError(f"There is no mask to export to {target}; choose at least one.")
                if options.strict:
                    refuse_losses(report, self.title)
                if options.protect:
                    refuse_edited(staging.paths)
        except OSError as error:
            raise MaskFormatError(
                f"{error.filename or target} cannot be written ({error.strerror or error}); nothing was changed."
            ) from error
        return report

    def _prepared(
        self, masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
    ) -> Iterator[LabelImage]:
        """Masks named after the file the user chose; plane by plane when the format holds no stacks; all counted."""
        stems: set[str] = set()
        images: set[str] = set()
        for number, mask in enumerate(masks):
            if self.layout is Layout.EACH and place.file is not None:
                if number:
                    raise MaskFormatError(
                        f"{place.file} holds one mask, but there are several; name a folder to export them to."
                    )
                mask = mask.renamed(self._stem(place.file))
            elif self.layout is Layout.ONE:
                mask = _distinct(mask, stems, images, tally)
            if mask.scores is not None and not self.scores:
                tally.note("The class scores are not in the files; a NumPy archive (npz) keeps them.")
            for piece in mask.pieces(self.stacks):
                self._count(piece, options, tally)
                yield piece

    def _count(self, mask: LabelImage, options: ExportOptions, tally: Tally) -> None:
        """Add to the report what the format keeps or loses by its properties."""
        tally.image(mask)
        if not self.void:
            tally.no_void(mask)
        asked = self.objects is Objects.ASKED
        left_out = self.objects is Objects.NEVER or (asked and not options.instances)
        if left_out and objects_differ_from_parts(mask, corners=options.corners):
            tally.no_objects(on_demand=asked)

    def _stem(self, name: str) -> str:
        suffix = max((e for e in self.extensions if name.lower().endswith(e)), key=len)
        return name[: len(name) - len(suffix)] or "mask"

    def need_library(self) -> None:
        """Raise when the library that the format needs is not installed."""
        if not self.available:
            raise MaskFormatError(
                f"{self.title} needs the library {self.module}; install it with: pip install "
                f'"napari-cliptrase[{self.extra}]"'
            )
