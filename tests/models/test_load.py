import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch

from napari_cliptrase import PromptSet, Segmenter, Settings
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import Recovery, TemplateSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.text_cache import TextStore
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import folders, model_names
from napari_cliptrase.models import load as loading
from napari_cliptrase.models.device import Placement
from napari_cliptrase.models.load import load_model, load_model_steps
from napari_cliptrase.models.loaded_models import ClipModel

Write = Callable[..., Path]


def features(model: ClipModel) -> np.ndarray:
    """Text and image features, on the CPU in float32."""
    image = torch.linspace(-1, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)
    with torch.inference_mode():
        patches = encode(model.vision, image.to(model.device, model.vision.dtype))
        text = model.text.encode(["a cat", "two dogs"])
    return np.concatenate([patches.cls[0].float().cpu().numpy(), *text.float().cpu().numpy()])


def reference(module: Any) -> np.ndarray:
    """What open_clip itself says for the texts."""
    with torch.inference_mode():
        tokens = open_clip.get_tokenizer("ViT-B-16")(["a cat", "two dogs"])
        return module.encode_text(tokens, normalize=True).numpy().ravel()


def test_a_folder_gives_the_same_model_as_open_clip(
    write_tiny: Write, tiny_config: dict[str, Any], tiny_module: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "my model"
    write_tiny(folder, tiny_config)
    model = load_model(f"local-dir:{folder}")
    np.testing.assert_allclose(features(model)[16:], reference(tiny_module), atol=1e-6)
    assert model.name == f"local-dir:{folder}"
    assert model.logit_scale == pytest.approx(float(tiny_module.logit_scale.exp()), rel=1e-6)
    assert model.mean == open_clip.OPENAI_DATASET_MEAN
    assert model.vocabulary is None
    assert model.tokenizer(["x"]).shape == (1, 77)
    assert model.notes[0].startswith("Runs on ")


def test_normalisation_of_the_config_is_kept(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    write_tiny(tmp_path, tiny_config)
    config = {"model_cfg": tiny_config, "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": [1, 2, 3]}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    model = load_model(str(tmp_path))
    assert model.mean == (0.1, 0.2, 0.3)
    assert model.std == (1.0, 2.0, 3.0)


@pytest.mark.parametrize("missing", ["text_projection", "visual.proj", "visual.transformer.resblocks.1.ln_2.bias"])
def test_a_missing_weight_is_never_made_up(
    tiny_config: dict[str, Any], tiny_module: Any, tmp_path: Path, missing: str
) -> None:
    state = {name: value for name, value in tiny_module.state_dict().items() if name != missing}
    torch.save(state, tmp_path / "open_clip_pytorch_model.bin")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": tiny_config}))
    with pytest.raises(ModelError, match=f"do not fit .*missing: {missing}"):
        load_model(f"local-dir:{tmp_path}")


def test_weights_of_another_size_are_named(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    tiny_config["vision_cfg"]["image_size"] = 64
    write_tiny(tmp_path, tiny_config)
    with pytest.raises(ModelError, match=r"visual\.positional_embedding is 5×32 instead of 17×32"):
        load_model(f"local-dir:{tmp_path}")


def test_unknown_weights_are_named(tiny_config: dict[str, Any], tiny_module: Any, tmp_path: Path) -> None:
    torch.save({**tiny_module.state_dict(), "extra.bias": torch.zeros(2)}, tmp_path / "model.pth")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": tiny_config}))
    with pytest.raises(ModelError, match=r"unknown: extra\.bias"):
        load_model(f"local-dir:{tmp_path}")


def test_a_training_checkpoint_with_prefixes_is_read(
    write_tiny: Write, tiny_tags: None, tiny_module: Any, tmp_path: Path
) -> None:
    state = {f"module.{name}": value for name, value in tiny_module.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "epoch_3.pt")
    model = load_model(f"ViT-Tiny={tmp_path / 'epoch_3.pt'}")
    np.testing.assert_allclose(features(model)[16:], reference(tiny_module), atol=1e-6)
    same = load_model(str(tmp_path / "epoch_3.pt"), architecture="ViT-Tiny")
    assert same.name == model.name
    assert any("QuickGELU" in note for note in model.notes)


def test_demo_knows_its_words_and_needs_no_network(
    write_tiny: Write,
    tiny_config: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_network: list[object],
) -> None:
    monkeypatch.setattr(model_names, "demo_folder", lambda kind: tmp_path / kind)
    with pytest.raises(ModelError, match="The weights of the demo are missing; install napari-cliptrase again"):
        load_model("demo")
    write_tiny(tmp_path / "clip", tiny_config)
    (tmp_path / "clip" / "vocabulary.txt").write_text("boat\nlake\n")
    model = load_model("demo")
    assert model.name == "demo"
    assert model.vocabulary == {"boat", "lake"}
    assert no_network == []


def test_a_checkpoint_without_architecture_asks_for_it(write_tiny: Write, tmp_path: Path) -> None:
    path = write_tiny(tmp_path)
    with pytest.raises(ModelError, match="Say the architecture of"):
        load_model(str(path))


def test_tags_run_with_the_activation_that_they_were_trained_with(
    write_tiny: Write, tiny_tags: None, tiny_config: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("ViT-Tiny/plain", "ViT-Tiny/openai"):
        write_tiny(folders.clip_folder(name))
    write_tiny(tmp_path / "quick", {**tiny_config, "quick_gelu": True})
    write_tiny(tmp_path / "plain", {**tiny_config, "quick_gelu": False})
    quick, plain = (features(load_model(f"local-dir:{tmp_path / name}")) for name in ("quick", "plain"))
    assert np.abs(quick - plain).max() > 1e-4
    np.testing.assert_array_equal(features(load_model("ViT-Tiny/openai")), quick)
    np.testing.assert_array_equal(features(load_model("ViT-Tiny-quickgelu/openai")), quick)
    np.testing.assert_array_equal(features(load_model("ViT-Tiny/plain")), plain)
    assert load_model("ViT-Tiny/plain").mean == (0.5, 0.5, 0.5)
    with pytest.raises(ModelError, match="ViT-Tiny/plain were trained with GELU"):
        load_model("ViT-Tiny-quickgelu/plain")


def in_hub_cache(tmp_path: Path, repository: str, source: Path, sha256: str) -> Path:
    """Lay a file into the cache of Hugging Face, as huggingface_hub does."""
    home = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
    snapshot = home / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True, exist_ok=True)
    (home / "refs").mkdir(exist_ok=True)
    (home / "refs" / "main").write_text("c0ffee")
    (home / "blobs").mkdir(exist_ok=True)
    blob = home / "blobs" / sha256
    shutil.copy(source, blob)
    (snapshot / source.name).symlink_to(f"../../blobs/{sha256}")
    return snapshot / source.name


def sha256_of(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("place", ["our folder", "hub cache"])
def test_a_complete_cache_needs_no_network(
    write_tiny: Write, tiny_tags: None, tmp_path: Path, place: str, no_network: list[object]
) -> None:
    path = write_tiny(folders.clip_folder("ViT-Tiny/plain") if place == "our folder" else tmp_path / "elsewhere")
    if place == "hub cache":
        in_hub_cache(tmp_path, "lab/tiny-plain", path, sha256_of(path))
    model = load_model("ViT-Tiny/plain")
    assert model.weights_sha256 == sha256_of(path)
    assert no_network == []


def test_a_hub_repository_in_the_cache_needs_no_network(
    write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path, no_network: list[object]
) -> None:
    path = write_tiny(tmp_path / "elsewhere", tiny_config)
    in_hub_cache(tmp_path, "some-lab/clip.v2", path, sha256_of(path))
    config = path.with_name("open_clip_config.json")
    in_hub_cache(tmp_path, "some-lab/clip.v2", config, "0" * 40)
    assert load_model("hf-hub:some-lab/clip.v2").weights_sha256 == sha256_of(path)
    assert no_network == []


def test_a_damaged_blob_is_named_with_both_hashes_and_the_cure(
    write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    path = write_tiny(tmp_path / "elsewhere")
    cached = in_hub_cache(tmp_path, "lab/tiny-plain", path, "12" * 32)
    with pytest.raises(ModelError) as caught:
        load_model("ViT-Tiny/plain")
    for part in (str(cached), sha256_of(path), "12" * 32, "napari-cliptrase models download ViT-Tiny/plain"):
        assert part in str(caught.value)


def test_a_cut_off_file_is_damaged(write_tiny: Write, tiny_tags: None) -> None:
    path = write_tiny(folders.clip_folder("ViT-Tiny/plain"))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"is damaged .*models download ViT-Tiny/plain"):
        load_model("ViT-Tiny/plain")


def test_one_file_with_two_activations_or_precisions_is_two_models(
    write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path
) -> None:
    path = write_tiny(tmp_path / "plain", tiny_config)
    write_tiny(tmp_path / "quick", {**tiny_config, "quick_gelu": True})
    plain, again, quick, half = (
        load_model(f"local-dir:{tmp_path / folder}", "cpu", precision)
        for folder, precision in (("plain", "fp32"), ("plain", "fp32"), ("quick", "fp32"), ("plain", "bf16"))
    )
    assert plain.weights_sha256 == quick.weights_sha256 == half.weights_sha256
    assert plain.fingerprint == again.fingerprint
    assert len({plain.fingerprint, quick.fingerprint, half.fingerprint}) == 3
    store = TextStore(tmp_path / "texts")
    prompts, rgb = PromptSet.from_names("cat", "dog"), np.zeros((64, 64, 3), np.uint8)
    settings = Settings(resolution=64, templates=TemplateSet.SINGLE)
    for model in (quick, half):  # what these leave behind is not for the other
        first = Segmenter(model, settings, text_caches=(store,))
        first.segment(first.encode(rgb), prompts)
    after, alone = Segmenter(plain, settings, text_caches=(store,)), Segmenter(plain, settings, text_caches=())
    found, expected = (each.segment(each.encode(rgb), prompts).scores.maps for each in (after, alone))
    assert np.array_equal(found, expected)
    assert path.is_file()


@pytest.mark.parametrize("recovery", [Recovery.CLIPTRASE, Recovery.SC_CLIP])
def test_int8_gives_the_labels_of_fp32_but_for_few_pixels_and_says_so(recovery: Recovery) -> None:
    rgb, prompts = (
        paint_scene(3, (336, 448)).image,
        PromptSet.from_names("sky", "sea", "sand", "tree", "house", "mountain"),
    )
    settings = Settings(recovery=recovery)
    exact, rounded = (Segmenter(load_model("demo", "cpu", precision), settings) for precision in ("fp32", "int8"))
    expected, found = (each.segment(each.encode(rgb), prompts) for each in (exact, rounded))
    assert not np.array_equal(found.scores.maps, expected.scores.maps)
    assert (found.labels == expected.labels).mean() > 0.99
    assert (rounded.model.dtype, rounded.model.vision.dtype) == (torch.int8, torch.float32)
    assert rounded.model.fingerprint != exact.model.fingerprint
    assert found.provenance["dtype"] == "int8"
    assert rounded.model.notes[0].endswith("with int8.")


def test_without_weights_and_network_it_names_file_and_folder(tiny_tags: None, no_network: list[object]) -> None:
    with pytest.raises(ModelError) as caught:
        load_model("ViT-Tiny/plain")
    text = str(caught.value)
    assert "open_clip_model.safetensors" in text
    assert str(folders.clip_folder("ViT-Tiny/plain")) in text
    assert "Network is unreachable" in text
    assert "\n" not in text


def test_what_cannot_work_is_refused_before_the_download(no_network: list[object]) -> None:
    for name in ("RN50/openai", "ViT-B-16-SigLIP/webli", "coca_ViT-B-32/laion2b_s13b_b90k", "convnext_base/x"):
        with pytest.raises(ModelError, match=r"cannot be used|no weights 'x'"):
            load_model(name)
    assert no_network == []


def test_bfloat16_on_the_cpu_is_close(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    write_tiny(tmp_path, tiny_config)
    exact = features(load_model(f"local-dir:{tmp_path}", device="cpu"))
    model = load_model(f"local-dir:{tmp_path}", device="cpu", precision="bf16")
    assert model.dtype == torch.bfloat16
    assert 1e-5 < np.abs(features(model) - exact).max() < 0.05
    assert "bf16" in model.notes[0]


def test_loading_is_reported_step_by_step(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    write_tiny(tmp_path, tiny_config)
    steps = list(load_model_steps(tmp_path))
    texts = [step.text.removeprefix(f"{tmp_path}: ") for step in steps]
    assert list(dict.fromkeys(texts)) == [
        "looking for the model",
        "checking open_clip_model.safetensors",
        "reading the weights",
        "building the model",
    ]
    assert all(step.done <= step.total for step in steps)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((3,), "the name of a model as text, such as 'demo', not an int"),
        ((None,), "the name of a model as text, such as 'demo', not a NoneType"),
        (("demo", torch.device("cpu")), "device as text, such as 'auto', not a device"),
        (("demo", "cpu", 16), "precision as text, such as 'auto', not an int"),
        (("demo", "cpu", "fp32", 3), "architecture as text or None, not an int"),
    ],
)
def test_arguments_of_other_types_are_refused_with_the_expected_type(arguments: Any, says: str) -> None:
    with pytest.raises(ModelError, match=f"load_model needs {says}"):
        load_model(*arguments)


def test_close_frees_the_weights_even_while_others_hold_the_model(
    write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path
) -> None:
    write_tiny(tmp_path, tiny_config)
    model = load_model(f"local-dir:{tmp_path}", device="cpu")
    blocks = model.vision.blocks
    model.close()
    assert sum(parameter.numel() for parameter in model.network.parameters()) == 0
    assert blocks[0].qkv.weight.untyped_storage().nbytes() == 0


def test_the_printed_model_is_short(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    write_tiny(tmp_path, tiny_config)
    assert len(repr(load_model(f"local-dir:{tmp_path}", device="cpu"))) < 600


def test_a_folder_without_its_files_says_which(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no open_clip_config\.json"):
        load_model(f"local-dir:{tmp_path}")
    write_tiny(tmp_path, tiny_config).unlink()
    with pytest.raises(ModelError, match=r"holds no weights; put open_clip_model\.safetensors"):
        load_model(f"local-dir:{tmp_path}")
    (tmp_path / "open_clip_config.json").write_text("{")
    (tmp_path / "open_clip_model.safetensors").write_text("")
    with pytest.raises(ModelError, match="cannot be read as JSON"):
        load_model(f"local-dir:{tmp_path}")
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(ModelError, match="does not describe a CLIP model"):
        load_model(f"local-dir:{tmp_path}")


def test_a_field_that_open_clip_does_not_know(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    tiny_config["vision_cfg"]["no_such_option"] = 3
    write_tiny(tmp_path, tiny_config)
    with pytest.raises(ModelError, match=r"vision_cfg\.no_such_option is not a field that open_clip knows"):
        load_model(f"local-dir:{tmp_path}")


def test_a_card_that_does_not_take_the_model_gives_way_to_the_cpu(
    write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a device that passes the small sum and fails afterwards: no computer has a hundred cards
    card = torch.device("cuda", 99)
    monkeypatch.setattr(loading, "place", lambda *_: Placement(card, torch.float16, "Runs on a card."))
    write_tiny(tmp_path, tiny_config)
    model = load_model(f"local-dir:{tmp_path}")
    assert (model.device.type, model.dtype) == ("cpu", torch.float32)
    assert "because cuda:99 does not take the model" in model.notes[0]
    assert features(model).dtype == np.float32
    with pytest.raises(ModelError, match=r"cuda:99 does not take the model .*; choose another device or a smaller"):
        load_model(f"local-dir:{tmp_path}", device="cuda:99")


@pytest.mark.parametrize("name", ["ViT-B-16/openai", "local-dir:{folder}"])
def test_plain_models_on_the_disk_need_no_open_clip(
    write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path, name: str
) -> None:
    write_tiny(folders.clip_folder("ViT-B-16/openai"))  # of another size: it is refused at the very end
    write_tiny(tmp_path / "model", tiny_config)
    code = (
        "import sys\nfrom napari_cliptrase import load_model\n"
        f"try:\n    load_model({name.format(folder=tmp_path / 'model')!r})\n"
        "except Exception as error:\n    assert 'do not fit ViT-B-16/openai' in str(error), error\n"
        "print({'open_clip', 'timm', 'torchvision'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
