"""From a model's name to its description and its weights file, on the disk or in the network."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import openclip
from napari_cliptrase.models.folders import clip_folder, find_in_hub
from napari_cliptrase.models.hashes import sha256_of
from napari_cliptrase.models.hub import download_from_hub, look_up
from napari_cliptrase.models.locate import CONFIG, HUB_FILES, VOCABULARY_FILE, find_in_folder, find_weights
from napari_cliptrase.models.model_names import ModelName
from napari_cliptrase.models.openclip import Recipe


@dataclass(frozen=True)
class WeightsSource:
    """A model that can be loaded.

    ``weights`` is None when they have to be downloaded: one of ``filenames`` of ``repository`` into ``folder``.
    ``again`` says how to get damaged weights anew.
    """

    name: str
    recipe: Recipe
    weights: Path | None
    again: str
    repository: str | None = None
    filenames: tuple[str, ...] = HUB_FILES
    vocabulary: frozenset[str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where downloads of this model go."""
        return clip_folder(self.name)


def find_source(name: ModelName, cancelled: Callable[[], bool] | None = None) -> WeightsSource:
    """Return where a model comes from; looks into the network only for a repository that is not on the disk."""
    match name.kind:
        case "folder":
            assert name.path is not None
            if name.text != "demo":
                return _from_folder(name.text, name.path)
            if find_in_folder(name.path) is None:
                raise ModelError("The weights of the demo are missing; install napari-cliptrase again.")
            return _from_folder("demo", name.path)
        case "hub":
            return _from_hub(name, cancelled)
        case "tag":
            return _from_tag(name)
        case "file":
            return _from_file(name)


def bring_weights(
    source: WeightsSource,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    fresh: bool = False,
) -> Path:
    """Return the weights file of a source; downloads it when it is not on the disk, or ``fresh`` is asked for."""
    if source.weights is not None and not (fresh and source.repository):
        return source.weights
    assert source.repository is not None
    remote = look_up(source.repository, source.filenames, source.folder)
    return download_from_hub(remote, source.folder, progress, cancelled)


def _from_folder(name: str, folder: Path) -> WeightsSource:
    config = folder / CONFIG
    weights = find_in_folder(folder)
    if not config.is_file():
        raise ModelError(f"{folder} holds no {CONFIG}, so it is no model folder.")
    if weights is None:
        raise ModelError(f"{folder} holds no weights; put open_clip_model.safetensors beside its {CONFIG}.")
    again = "install napari-cliptrase again" if name == "demo" else "copy it there again"
    return replace(_described(name, config, weights, again), vocabulary=_vocabulary(folder))


def _vocabulary(folder: Path) -> frozenset[str] | None:
    """Return the words that a model knows, when its folder lists them."""
    path = folder / VOCABULARY_FILE
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise ModelError(f"{path} cannot be read as a list of words ({error}).") from error


def _described(
    name: str, config: Path, weights: Path | None, again: str, repository: str | None = None
) -> WeightsSource:
    try:
        data = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{config} cannot be read as JSON ({error}).") from error
    if not isinstance(data, dict):
        raise ModelError(f"{config} describes no CLIP model; expected an object with 'model_cfg'.")
    recipe = openclip.read_recipe(data, str(config))
    return WeightsSource(name, recipe, weights, again, repository)


def _from_hub(name: ModelName, cancelled: Callable[[], bool] | None) -> WeightsSource:
    assert name.repository is not None
    folder = clip_folder(name.text)
    config = folder / CONFIG
    if not config.is_file():
        config = find_in_hub(name.repository, CONFIG) or download_from_hub(
            look_up(name.repository, (CONFIG,), folder), folder, cancelled=cancelled
        )
    weights = find_weights(name.text, name.repository)
    source = _described(name.text, config, weights, _again(name.text), name.repository)
    known = openclip.known_repository(name.repository)
    if known is not None and known.quick_gelu != bool(source.recipe.config.get("quick_gelu", False)):
        raise ModelError(
            f"{config} says quick_gelu: {not known.quick_gelu}, but the weights of {name.repository} were trained with "
            f"{_activation(known.quick_gelu)}; mend the file."
        )
    return source


def _from_tag(name: ModelName) -> WeightsSource:
    assert name.architecture is not None
    # OpenAI's own package writes ViT-B/16
    without_tag = name.text.replace("/", "-")
    if name.tag is None or openclip.is_architecture(without_tag):
        raise openclip.lacks_tag(without_tag)
    known = openclip.published(name.architecture, name.tag)
    if name.quick_gelu and not known.quick_gelu:
        raise ModelError(f"The weights {name.text} were trained with GELU; leave -quickgelu out of the name.")
    config = openclip.architecture(name.architecture) | {"quick_gelu": known.quick_gelu}
    return WeightsSource(
        name.text,
        Recipe(config, known.mean, known.std),
        find_weights(name.text, known.repository, known.filename),
        _again(name.text),
        known.repository,
        (known.filename,) if known.filename else HUB_FILES,
    )


def _from_file(name: ModelName) -> WeightsSource:
    assert name.path is not None
    trained_as = openclip.openai_hashes().get(sha256_of(name.path))
    architecture = name.architecture or trained_as
    if architecture is None:
        raise ModelError(f"Say the architecture of {name.path}, as in ViT-B-16={name.path}.")
    quick = name.quick_gelu or trained_as is not None
    config = openclip.architecture(architecture)
    quick = quick or bool(config.get("quick_gelu", False))
    notes: tuple[str, ...] = ()
    if not quick:
        notes = (
            f"{name.path.name} is run with GELU; if it was trained with QuickGELU (OpenAI, MetaCLIP, DFN), write "
            f"{architecture}-quickgelu={name.path}.",
        )
    recipe = openclip.read_recipe({"model_cfg": config | {"quick_gelu": quick}}, architecture)
    source = WeightsSource(name.text, recipe, name.path, "copy it there again", notes=notes)
    return replace(source, name=f"{architecture}{'-quickgelu' * quick}={name.path}")


def _again(name: str) -> str:
    return f"get it again with: napari-cliptrase models download {name}"


def _activation(quick_gelu: bool) -> str:
    return "QuickGELU" if quick_gelu else "GELU"
