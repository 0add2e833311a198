import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli import main
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.masks.registry import FORMATS

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PROMPTS = "sky; sea: water; tree [color=#102030]; background: house"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with two small pictures, where the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    scene = np.asarray(Image.open(GOLDEN / "images" / "photo_336.png").convert("RGB"))[::2, ::2]
    Image.fromarray(scene[:60, :90]).save("a.png")
    Image.fromarray(scene[60:150, :70]).save("b.jpg")
    return tmp_path


@pytest.fixture
def segment(run_command):
    """Run the command with a small model and quick settings; returns exit code, output and errors."""

    def run(*arguments, model=f"local-dir:{GOLDEN / 'toyclip'}", quick=True):
        extra = ["--model", model, "--templates", "single"] + (["--detail", "coarse"] if quick else [])
        return run_command("segment", *arguments, *extra)

    return run


def test_masks_classes_overlay_and_record_appear(segment, folder):
    code, out, _ = segment("a.png", "--prompts", PROMPTS, "--out", "out")
    assert code == 0
    (mask,) = FORMATS["png"].read(folder / "out" / "a.png")
    assert mask.labels.shape == (60, 90)
    table = ClassTable.from_json((folder / "out" / "classes.json").read_text())
    assert [(entry.id, entry.name) for entry in table] == [(1, "sky"), (2, "sea"), (3, "tree")]
    assert table.get(3).color == (0x10, 0x20, 0x30)
    assert table.background == ("house",)
    assert Image.open(folder / "out" / "overlays" / "a.jpg").height > 60
    record = json.loads((folder / "out" / "records" / "a.json").read_text())
    assert record["provenance"][0]["prompts"]["background"] == ["house"]
    assert "sky" in out
    assert "%" in out


def test_the_json_summary_adds_up(segment, folder):
    code, out, _ = segment("a.png", "b.jpg", "--prompts", PROMPTS, "--out", "out", "--json")
    assert code == 0
    data = json.loads(out)
    assert [entry["image"] for entry in data["images"]] == ["a.png", "b.jpg"]
    for entry in data["images"]:
        (plane,) = entry["planes"]
        (mask,) = FORMATS["png"].read(folder / "out" / plane["mask"])
        assert (entry["height"], entry["width"]) == mask.labels.shape
        assert sum(found["area"] for found in plane["classes"]) == pytest.approx(1)
        for found in plane["classes"]:
            assert found["pixels"] == (mask.labels == found["id"]).sum()
    assert data["failed"] == []


def test_one_bad_file_does_not_stop_the_others(segment, folder):
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:500])
    (folder / "empty.jpg").write_bytes(b"")
    code, out, err = segment(
        "broken.png", "a.png", "empty.jpg", "gone.png", "b.jpg", "-p", PROMPTS, "-o", "out", "--json"
    )
    assert code == 1
    assert len(json.loads(out)["images"]) == 2
    failures = [line for line in err.splitlines() if line.startswith("FAILED")]
    assert [line.split()[1].rstrip(":") for line in failures] == ["gone.png", "broken.png", "empty.jpg"]
    assert "3 of 5 inputs could not be segmented" in err
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["a.png", "b.png"]


def test_two_runs_give_the_same_masks(segment, folder):
    for out in ("one", "two"):
        assert segment("a.png", "b.jpg", "-p", PROMPTS, "-o", out, "--scores")[0] == 0
    for name in ("a.png", "b.png", "classes.json", "overlays/a.jpg"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()


def test_a_second_run_replaces_its_own_masks_but_no_edited_one(segment, folder):
    assert segment("a.png", "b.jpg", "-p", PROMPTS, "-o", "out")[0] == 0
    edited = Image.fromarray(np.full((60, 90), 2, np.uint8))
    edited.save(folder / "out" / "a.png")
    before = (folder / "out" / "a.png").read_bytes()
    code, _, err = segment("a.png", "b.jpg", "-p", "tree; sky", "-o", "out")
    assert code == 1
    assert "FAILED a.png" in err
    assert "was changed since it was written" in err
    assert (folder / "out" / "a.png").read_bytes() == before
    assert "tree" in (folder / "out" / "records" / "b.json").read_text()
    assert segment("a.png", "-p", "tree; sky", "-o", "out", "--overwrite")[0] == 0
    assert (folder / "out" / "a.png").read_bytes() != before


def test_inputs_are_never_overwritten(segment, folder):
    before = (folder / "a.png").read_bytes()
    for extra in ([], ["--overwrite"]):
        code, _, err = segment("a.png", "-p", PROMPTS, "-o", ".", *extra)
        assert code == 1
        assert "would overwrite the input" in err
        assert (folder / "a.png").read_bytes() == before


def test_images_of_one_name_get_masks_of_their_own(segment, folder):
    (folder / "other").mkdir()
    shutil.copy("b.jpg", folder / "other" / "a.jpg")
    assert segment("a.png", "other/a.jpg", "-p", PROMPTS, "-o", "out")[0] == 0
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["a_jpg.png", "a_png.png"]


@pytest.mark.parametrize(
    ("dtype", "top"), [(np.uint8, 255), (np.uint16, 4000), (np.float32, 1.5)], ids=["uint8", "uint16", "float"]
)
def test_gray_and_alpha_and_deep_images(segment, folder, dtype, top):
    ramp = np.linspace(0, top, 40 * 50).reshape(40, 50).astype(dtype)
    if dtype is np.float32:
        ramp[3, 4] = np.nan
    tifffile.imwrite(folder / "deep.tif", ramp)
    Image.fromarray(np.dstack([np.full((40, 50, 3), 90, np.uint8), np.eye(40, 50, dtype=np.uint8) * 255])).save(
        "rgba.png"
    )
    assert segment("deep.tif", "rgba.png", "-p", PROMPTS, "-o", "out")[0] == 0


def test_every_plane_of_a_stack_gets_a_mask(segment, folder):
    stack = np.random.default_rng(0).integers(0, 900, (3, 40, 50)).astype(np.uint16)
    tifffile.imwrite(folder / "stack.tif", stack, metadata={"axes": "ZYX"})
    code, out, _ = segment("stack.tif", "-p", PROMPTS, "-o", "out", "--json")
    assert code == 0
    assert [plane["index"] for plane in json.loads(out)["images"][0]["planes"]] == [[0], [1], [2]]
    assert len(list((folder / "out").glob("*.png"))) == 3
    assert len(list((folder / "out" / "overlays").glob("*.jpg"))) == 3


def test_scores_come_back(segment, folder):
    assert segment("a.png", "-p", PROMPTS, "-o", "out", "--scores")[0] == 0
    (mask,) = FORMATS["npz"].read(folder / "out" / "scores" / "a.npz")
    assert mask.scores.ids == (1, 2, 3, 0)
    assert mask.scores.shape == (60, 90)


def test_the_folder_of_a_run_goes_out_as_masks_alone(segment, folder, monkeypatch, capsys):
    segment("a.png", "b.jpg", "--prompts", PROMPTS, "--scores", "--out", "out")
    monkeypatch.setattr(sys, "argv", ["napari-cliptrase", "export", "out", "--to", "coco", "--out", "coco.json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0, capsys.readouterr().err
    images = json.loads(Path("coco.json").read_text())["images"]
    assert sorted(image["file_name"] for image in images) == ["a.png", "b.jpg"]


def test_superpixels_sharpen_without_a_model(segment, folder):
    code, out, _ = segment("a.png", "-p", PROMPTS, "-o", "out", "--refine", "superpixels", "--json")
    assert code == 0
    record = folder / "out" / json.loads(out)["images"][0]["record"]
    (refined,) = json.loads(record.read_text())["provenance"][0]["refine"]
    assert refined["method"] == "superpixels"
    assert refined["options"]["guided"]


def test_prompts_from_a_file_and_settings_from_a_file(segment, folder):
    (folder / "classes.txt").write_text("sky\nsea: water\n")
    (folder / "settings.json").write_text(Settings(vote="soft", threshold=0.4).to_json())
    files = ("--prompts-file", "classes.txt", "--settings", "settings.json")
    code, _, _ = segment("a.png", "-o", "out", *files, "--threshold", "0.1")
    assert code == 0
    settings = json.loads((folder / "out" / "records" / "a.json").read_text())["provenance"][0]["settings"]
    assert (settings["vote"], settings["threshold"], settings["detail"]) == ("soft", 0.1, "coarse")


def test_absent_classes_are_named_with_their_figure(segment, folder):
    arguments = (
        "a.png",
        "-p",
        "sky; sea",
        "-o",
        "out",
        "--no-overlay",
        "--absent",
        "purify",
        "--absent-threshold",
        "0.5",
    )
    code, out, errors = segment(*arguments)
    assert code == 0
    assert "not in this image, 0." in out
    assert "Not in this image, so without pixels: sky (0." in errors
    record = json.loads((folder / "out" / "records" / "a.json").read_text())
    assert [entry["name"] for entry in record["provenance"][0]["absent"]] == ["sky", "sea"]


def test_the_second_test_for_absent_classes_is_set_and_needs_the_first(segment, folder):
    arguments = ("a.png", "-p", "sky; heaven", "-o", "out", "--no-overlay", "--ambiguity", "0.6")
    code, _, errors = segment(*arguments)
    assert code == 1
    assert "--ambiguity needs --absent purify." in errors
    assert segment(*arguments, "--absent", "purify")[0] == 0
    settings = json.loads((folder / "out" / "records" / "a.json").read_text())["provenance"][0]["settings"]
    assert (settings["absent"], settings["ambiguity"]) == ("purify", 0.6)


def test_a_method_and_a_single_choice(segment, folder):
    assert segment("a.png", "-p", "sky", "-o", "out", "--method", "published", "--vote", "soft")[0] == 0
    settings = json.loads((folder / "out" / "records" / "a.json").read_text())["provenance"][0]["settings"]
    assert (settings["protect"], settings["vote"], settings["kernel"]) == (1.0, "soft", "paper")


def test_the_published_protocol_gives_the_central_square(segment, folder):
    code, out, _ = segment("a.png", "-p", PROMPTS, "-o", "out", "--paper", "224", "--json", quick=False)
    assert code == 0
    entry = json.loads(out)["images"][0]
    assert (entry["width"], entry["height"]) == (224, 224)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.png", "-o", "out"], "Name the classes to look for"),
        (["a.png", "-o", "out", "-p", "cat", "--prompts-file", "x.txt"], "not with both"),
        (["a.png", "-o", "out", "--prompts-file", "x.txt"], "x.txt cannot be read"),
        (["a.png", "-o", "out", "-p", "# nothing"], "names no class"),
        (["a.png", "-o", "out", "-p", "cat; Cat"], "'Cat' is on line 1 already"),
        (["a.png", "-o", "out", "-p", "cat", "--threshold", "7"], "threshold is 7.0"),
        (["a.png", "-o", "out", "-p", "cat", "--paper", "300"], "224 and 336"),
        (["a.png", "-o", "a.png", "-p", "cat"], "a.png is a file"),
        (["a.png", "-o", "out", "-p", "cat", "--sam", "vit_b"], "--sam needs --refine"),
        (["a.png", "-o", "out", "-p", "cat", "--settings", "no.json"], "no.json cannot be read"),
        (["a.png", "-o", "out", "-p", "cat", "--device", "toaster"], "toaster"),
    ],
)
def test_mistakes_end_in_one_sentence(segment, folder, arguments, sentence):
    code, out, err = segment(*arguments)
    assert code == 1
    assert sentence in err
    lines = [line for line in err.strip().splitlines() if not line.startswith("Segmenting a.png with ")]
    assert len(lines) == 1
    assert out == ""
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["a.png"], ["-p", "cat", "-o", "out"], ["a.png", "-o", "out", "--vote", "loud"]]
)
def test_what_the_command_line_itself_refuses(segment, arguments):
    code, out, _ = segment(*arguments)
    assert code == 2
    assert out == ""


def test_an_unknown_model(segment, folder):
    code, _, err = segment("a.png", "-p", "cat", "-o", "out", model="local-dir:nowhere")
    assert code == 1
    assert "nowhere" in err
    assert not (folder / "out").exists()


def test_no_input_at_all_loads_no_model(segment, folder):
    (folder / "empty").mkdir()
    code, _, err = segment("empty", "-p", "cat", "-o", "out", model="local-dir:nowhere")
    assert code == 1
    assert "the folder holds no image" in err
    assert "nowhere does not exist" not in err


def test_classes_keep_their_ids_in_a_folder_that_has_masks(segment, folder):
    assert segment("a.png", "-p", "sky; sea", "-o", "out")[0] == 0
    (before,) = FORMATS["png"].read(folder / "out" / "a.png")
    code, _, err = segment("b.jpg", "-p", "tree; Sea: water", "-o", "out")
    assert code == 0
    assert "tree is 3" in err
    table = ClassTable.from_json((folder / "out" / "classes.json").read_text())
    assert {entry.id: entry.name.lower() for entry in table} == {1: "sky", 2: "sea", 3: "tree"}
    (after,) = FORMATS["png"].read(folder / "out" / "a.png")
    np.testing.assert_array_equal(before.labels, after.labels)
    assert after.classes.get(1).name == "sky"
    (new,) = FORMATS["png"].read(folder / "out" / "b.png")
    assert set(np.unique(new.labels).tolist()) <= {2, 3}


def test_ids_are_counted_again_only_where_no_mask_changes_its_meaning(segment, folder):
    assert segment("a.png", "-p", "sky; sea", "-o", "out")[0] == 0
    mask = (folder / "out" / "a.png").read_bytes()
    code, _, err = segment("b.jpg", "-p", "tree; house", "-o", "out", "--new-ids")
    assert code == 1
    assert "would change the meaning of masks in out" in err
    assert "1 is 'sky' and would become 'tree'" in err or "2 is 'sea' and would become 'house'" in err
    assert (folder / "out" / "a.png").read_bytes() == mask
    (folder / "out" / "a.png").unlink()
    assert segment("b.jpg", "-p", "tree; house", "-o", "out", "--new-ids")[0] == 0
    table = ClassTable.from_json((folder / "out" / "classes.json").read_text())
    assert [(entry.id, entry.name) for entry in table] == [(1, "tree"), (2, "house")]


def test_a_folder_can_hold_its_images_and_their_masks(segment, folder):
    (folder / "photos" / "overlays").mkdir(parents=True)
    shutil.copy("b.jpg", folder / "photos" / "b.jpg")
    shutil.copy("b.jpg", folder / "photos" / "overlays" / "c.jpg")
    for _ in range(2):  # the second run does not take the masks of the first for images
        code, _, err = segment("photos", "-p", PROMPTS, "-o", "photos")
        assert code == 0, err
        masks = {mask.stem for mask in FORMATS["png"].read(folder / "photos")}
        assert masks == {"b"}
    code, _, err = segment("photos/b.jpg", "photos/overlays/c.jpg", "-p", PROMPTS, "-o", "photos")
    assert code == 0, err


def test_a_folder_of_images_called_overlays_keeps_its_masks(segment, folder):
    (folder / "photos" / "overlays").mkdir(parents=True)
    shutil.copy("a.png", folder / "photos" / "x.png")
    shutil.copy("b.jpg", folder / "photos" / "overlays" / "x.jpg")
    assert segment("photos", "-p", PROMPTS, "-o", "out")[0] == 0
    masks = {mask.stem: mask.labels.shape for mask in FORMATS["png"].read(folder / "out")}
    assert masks == {"x": (60, 90), "overlays_images/x": (90, 70)}


def test_an_empty_name_does_not_take_the_whole_folder(segment, folder):
    code, _, err = segment("", "-p", PROMPTS, "-o", "out")
    assert code == 1
    assert "write . for the current folder" in err
    assert not (folder / "out").exists()


def test_what_does_not_exist_is_reported_before_torch_is_imported(folder):
    code = (
        "import sys; from napari_cliptrase.cli import main\n"
        "sys.argv = ['napari-cliptrase', 'segment', 'gone.png', '-p', 'sky', '-o', 'out', '-m', 'demo']\n"
        "try:\n    main()\nfinally:\n    print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FAILED gone.png: does not exist" in done.stderr
    assert done.stdout.strip() == "False"


def test_a_mask_without_its_record_does_not_block_the_image(segment, folder):
    assert segment("a.png", "-p", PROMPTS, "-o", "out")[0] == 0
    (folder / "out" / "records" / "a.json").unlink()  # as when the process was killed between the two
    code, _, err = segment("a.png", "-p", "tree; sky", "-o", "out")
    assert code == 0, err
    assert (folder / "out" / "records" / "a.json").exists()


def test_ctrl_c_says_what_is_done_and_what_is_not(segment, folder, monkeypatch):
    from napari_cliptrase.batch import segment_files

    read = segment_files.read_image

    def stopped(path):
        if path.name == "b.jpg":
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr(segment_files, "read_image", stopped)
    code, out, err = segment("a.png", "b.jpg", "-p", PROMPTS, "-o", "out", "--json")
    assert code == 130
    assert "Stopped. 1 image was segmented; not segmented: b.jpg." in err
    assert [entry["image"] for entry in json.loads(out)["images"]] == ["a.png"]


def test_only_some_planes_of_a_stack_are_segmented_and_the_others_stay(segment, folder):
    stack = np.random.default_rng(0).integers(0, 900, (11, 40, 50)).astype(np.uint16)
    tifffile.imwrite(folder / "stack.tif", stack, metadata={"axes": "ZYX"})
    code, _, _ = segment("stack.tif", "-p", PROMPTS, "-o", "out")
    assert code == 0
    before = {path.name: path.read_bytes() for path in (folder / "out").glob("stack_z*.png")}
    assert len(before) == 11
    code, out, _ = segment(
        "stack.tif", "-p", f"{PROMPTS}; cloud", "-o", "out", "--planes", "2-3", "--threshold", "0.2", "--json"
    )
    assert code == 0
    planes = json.loads(out)["images"][0]["planes"]
    assert [(plane["index"], plane["mask"]) for plane in planes] == [([2], "stack_z02.png"), ([3], "stack_z03.png")]
    after = {path.name: path.read_bytes() for path in (folder / "out").glob("stack_z*.png")}
    assert after.keys() == before.keys()
    assert all(after[name] == before[name] for name in after if name not in ("stack_z02.png", "stack_z03.png"))
    code, _, err = segment("stack.tif", "-p", PROMPTS, "-o", "out", "--planes", "9-12")
    assert code == 1
    assert "no planes 9 to 12 along Z; the image has Z=0-10" in err


def test_planes_are_smoothed_if_asked_for_and_the_record_says_so(segment, folder):
    stack = np.random.default_rng(0).integers(0, 900, (3, 40, 50)).astype(np.uint16)
    tifffile.imwrite(folder / "stack.tif", stack, metadata={"axes": "ZYX"})
    assert segment("stack.tif", "-p", PROMPTS, "-o", "plain")[0] == 0
    code, out, err = segment("stack.tif", "a.png", "-p", PROMPTS, "-o", "out", "--smooth", "0.6", "--scores", "--json")
    assert code == 0, err
    images = {Path(image["image"]).name: image for image in json.loads(out)["images"]}
    assert len(images["stack.tif"]["planes"]) == 3
    records = {name: json.loads((folder / "out" / "records" / f"{name}.json").read_text()) for name in ("stack", "a")}
    assert [plane["smoothed along planes"] for plane in records["stack"]["provenance"]] == [0.6] * 3
    assert "smoothed along planes" not in records["a"]["provenance"][0]
    assert "only one plane" in " ".join(images["a.png"]["notes"])
    assert (folder / "out" / "overlays" / "stack_z1.jpg").exists()
    masks = [
        [FORMATS["png"].read(folder / out / f"stack_z{z}.png")[0].labels for z in range(3)] for out in ("plain", "out")
    ]
    assert any((plain != smooth).any() for plain, smooth in zip(*masks, strict=True))


def test_a_share_that_is_none_is_refused_before_anything_is_loaded(segment, folder):
    code, _, err = segment("a.png", "-p", PROMPTS, "-o", "out", "--smooth", "2")
    assert code == 1
    assert "--smooth 2 is not a share of the planes before and after; give a number from 0 (none) to 1." in err
    assert not (folder / "out").exists()
