"""From the name of a CLIP or SAM model to its weights file, on the disk or in the network. Imports no torch."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import open_clip_registry as registry
from napari_cliptrase.models.catalog import Checkpoint, find_entry, list_models
from napari_cliptrase.models.checkpoint import is_torchscript
from napari_cliptrase.models.clip_config import Recipe, make_recipe, read_config
from napari_cliptrase.models.fetch import fetch_from_hub_steps, fetch_steps
from napari_cliptrase.models.folders import (
    CONFIG_FILE,
    HUB_FILES,
    VOCABULARY_FILE,
    clip_folder,
    find_in_folder,
    find_in_hub,
    find_weights,
    sam_folder,
)
from napari_cliptrase.models.model_names import ModelName, parse_name
from napari_cliptrase.models.verify import download_command, expected_sha256, sha256_of, sha256_steps, verify_steps
from napari_cliptrase.progress import Progress, map_progress

SAM_SUFFIXES = (".pth", ".pt", ".safetensors", ".bin", ".ckpt")
_MOBILE_SAM = "pip install git+https://github.com/ChaoningZhang/MobileSAM.git"
_COPY_AGAIN = "copy it there again"


@dataclass(frozen=True)
class WeightsSource:
    """Where the weights of a model are.

    ``path`` is None when they have to be downloaded into ``folder``: from the address of a ``checkpoint``, or one of
    ``filenames`` of a Hugging Face ``repository``. ``again`` says how to get damaged weights again.
    """

    name: str
    path: Path | None
    again: str
    folder: Path
    checkpoint: Checkpoint | None = None
    repository: str | None = None
    filenames: tuple[str, ...] = HUB_FILES


@dataclass(frozen=True)
class ClipSource:
    """A CLIP model that can be loaded.

    ``vocabulary`` are the words that it knows, where its folder lists them; ``notes`` are for the user.
    """

    weights: WeightsSource
    recipe: Recipe
    vocabulary: frozenset[str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in its usual spelling."""
        return self.weights.name


def find_clip_steps(name: str, architecture: str | None = None) -> Generator[Progress, None, ClipSource]:
    """Return where a CLIP model comes from; looks into the network only for a repository that is not on the disk."""
    yield Progress(0, 0, "looking for the model")
    parsed = parse_name(name, architecture)
    match parsed.kind:
        case "folder":
            return _from_folder(parsed)
        case "hub":
            return (yield from _from_hub_steps(parsed))
        case "tag":
            return _from_tag(parsed)
        case "file":
            return _from_file(parsed)


def find_sam(name: str) -> WeightsSource:
    """Return where the weights of a SAM come from: one of the catalog, or a file."""
    entry = find_entry(name, "sam")
    if entry is not None:
        if entry.path is None and entry.checkpoint is None:
            raise ModelError(f"The weights of the {name} SAM are missing; install napari-cliptrase again.")
        again = (
            "install napari-cliptrase again" if entry.checkpoint is None else "delete it, and it is downloaded again"
        )
        return WeightsSource(name, entry.path, again, sam_folder(), entry.checkpoint)
    path = Path(name).expanduser()
    if path.is_file():
        return WeightsSource(name, path, "choose another file or save it again", path.parent)
    if path.suffix.lower() in SAM_SUFFIXES or path.exists():
        raise ModelError(f"There is no SAM checkpoint {path}; check the name and the folder.")
    if name == "vit_t":
        raise ModelError(f"MobileSAM (vit_t) needs its own package: {_MOBILE_SAM}")
    known = ", ".join(entry.name for entry in list_models("sam"))
    raise ModelError(f"{name!r} is not a SAM model; choose one of {known}, or give the path of a checkpoint file.")


def bring_steps(source: WeightsSource, *, fresh: bool = False) -> Generator[Progress, None, Path]:
    """Return the weights file of a source; downloads it when it is not on the disk, or ``fresh`` is asked for."""
    if source.path is not None and not (fresh and (source.checkpoint or source.repository)):
        return source.path
    if source.checkpoint is not None:
        file = source.checkpoint
        target = source.folder / file.filename
        return (yield from fetch_steps(file.url, target, sha256=file.sha256, size=file.size))
    assert source.repository is not None
    return (yield from fetch_from_hub_steps(source.repository, source.filenames, source.folder))


def check_steps(source: WeightsSource, path: Path) -> Generator[Progress, None, str]:
    """Return the SHA-256 of the weights, after comparing it with what it has to be."""
    found = yield from sha256_steps(path)
    expected = expected_sha256(path) if source.checkpoint is None else source.checkpoint.sha256
    if expected is not None and found != expected:
        raise ModelError(f"{path} is damaged: its SHA-256 is {found} instead of {expected}; {source.again}.")
    return found


def bring_model_steps(name: str) -> Generator[Progress, None, Path]:
    """Make sure that a CLIP model can be loaded without network; an unknown name is an error at once."""
    source = yield from find_clip_steps(name)
    return (yield from map_progress(_bring_clip_steps(source), lambda step: replace(step, text=f"{name}: {step.text}")))


def download_steps(name: str) -> Generator[Progress, None, tuple[Path, bool]]:
    """Return the weights file of a CLIP or SAM model and whether it was downloaded now.

    A file that is there is read and, when it is damaged, fetched again.
    """
    entry = find_entry(name)
    if entry is not None and entry.path is not None:
        verdict = yield from verify_steps(entry)
        if not verdict.damaged:
            return entry.path, False
        if entry.state == "shipped":
            raise ModelError(f"The weights of {name} come with napari-cliptrase and are damaged; install it again.")
    if entry is not None and entry.kind == "sam":
        return (yield from bring_steps(find_sam(name), fresh=True)), True
    source = yield from find_clip_steps(name)
    fresh = entry is not None and entry.path is not None
    return (yield from _bring_clip_steps(source, fresh=fresh)), fresh or source.weights.path is None


def refuse_unsupported(source: ClipSource) -> None:
    """Raise `ModelError` when the method cannot work with a model, before a gigabyte is downloaded for nothing."""
    if source.recipe.shape is not None:
        return
    from napari_cliptrase.models.open_clip_networks import refuse  # imports torch and open_clip

    refuse(source.recipe.config, source.name)


def _bring_clip_steps(source: ClipSource, *, fresh: bool = False) -> Generator[Progress, None, Path]:
    if source.weights.path is None or fresh:
        refuse_unsupported(source)
    return (yield from bring_steps(source.weights, fresh=fresh))


def _from_folder(name: ModelName) -> ClipSource:
    assert name.path is not None
    config, weights = name.path / CONFIG_FILE, find_in_folder(name.path)
    demo = name.text == "demo"
    if weights is None and demo:
        raise ModelError("The weights of the demo are missing; install napari-cliptrase again.")
    if not config.is_file():
        raise ModelError(f"{name.path} holds no {CONFIG_FILE}, so it is not a model folder.")
    if weights is None:
        raise ModelError(f"{name.path} holds no weights; put open_clip_model.safetensors beside its {CONFIG_FILE}.")
    again = "install napari-cliptrase again" if demo else _COPY_AGAIN
    return ClipSource(WeightsSource(name.text, weights, again, name.path), read_config(config), _vocabulary(name.path))


def _vocabulary(folder: Path) -> frozenset[str] | None:
    path = folder / VOCABULARY_FILE
    if not path.is_file():
        return None
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeError) as error:
        raise ModelError(f"{path} cannot be read as a list of words ({error}).") from error


def _from_hub_steps(name: ModelName) -> Generator[Progress, None, ClipSource]:
    assert name.repository is not None
    folder = clip_folder(name.text)
    config = folder / CONFIG_FILE
    if not config.is_file():
        cached = find_in_hub(name.repository, CONFIG_FILE)
        config = cached or (yield from fetch_from_hub_steps(name.repository, (CONFIG_FILE,), folder))
    recipe = read_config(config)
    known = registry.known_repository(name.repository)
    if known is not None and known.quick_gelu != bool(recipe.config.get("quick_gelu", False)):
        raise ModelError(
            f"{config} says quick_gelu: {not known.quick_gelu}, but the weights of {name.repository} were trained with "
            f"{'QuickGELU' if known.quick_gelu else 'GELU'}; correct the file."
        )
    weights = find_weights(name.text, name.repository)
    return ClipSource(
        WeightsSource(name.text, weights, _download_again(name.text), folder, repository=name.repository), recipe
    )


def _from_tag(name: ModelName) -> ClipSource:
    assert name.architecture is not None
    # OpenAI's own package writes ViT-B/16
    without_tag = name.text.replace("/", "-")
    if name.tag is None or registry.is_architecture(without_tag):
        raise registry.lacks_tag(without_tag)
    known = registry.published(name.architecture, name.tag)
    if name.quick_gelu and not known.quick_gelu:
        raise ModelError(f"The weights {name.text} were trained with GELU; leave -quickgelu out of the name.")
    config = registry.architecture(name.architecture) | {"quick_gelu": known.quick_gelu}
    weights = WeightsSource(
        name.text,
        find_weights(name.text, known.repository, known.filename),
        _download_again(name.text),
        clip_folder(name.text),
        repository=known.repository,
        filenames=(known.filename,) if known.filename else HUB_FILES,
    )
    return ClipSource(weights, make_recipe(config, {"mean": known.mean, "std": known.std}, name.architecture))


def _from_file(name: ModelName) -> ClipSource:
    assert name.path is not None
    trained_as = registry.openai_hashes().get(sha256_of(name.path)) if is_torchscript(name.path) else None
    architecture = name.architecture or trained_as
    if architecture is None:
        raise ModelError(f"Say the architecture of {name.path}, as in ViT-B-16={name.path}.")
    config = registry.architecture(architecture)
    quick = name.quick_gelu or trained_as is not None or bool(config.get("quick_gelu", False))
    notes: tuple[str, ...] = ()
    if not quick:
        notes = (
            f"{name.path.name} is run with GELU; if it was trained with QuickGELU (OpenAI, MetaCLIP, DFN), write "
            f"{architecture}-quickgelu={name.path}.",
        )
    text = f"{architecture}{'-quickgelu' * quick}={name.path}"
    recipe = make_recipe(config | {"quick_gelu": quick}, {}, architecture)
    return ClipSource(WeightsSource(text, name.path, _COPY_AGAIN, name.path.parent), recipe, notes=notes)


def _download_again(name: str) -> str:
    return f"get it again with: {download_command(name)}"
