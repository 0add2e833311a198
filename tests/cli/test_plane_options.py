import pytest
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.cli.plane_options import checked_smoothing
from napari_cliptrase.errors import CliptraseError


@pytest.mark.parametrize("command", ["segment", "batch"])
def test_every_command_over_stacks_offers_the_same_planes_and_smoothing(command):
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    assert "Planes of stacks, such as 3-10, T=3-10 or T=3-10,Z=4; others stay." in shown
    assert "Share of the planes beside it in each plane's scores, 0 to 1; less flicker." in shown


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_beyond_all_or_nothing_is_refused_in_one_sentence(share):
    with pytest.raises(CliptraseError, match=r"^--smooth \S+ is not a share .*; give a number from 0 \(none\) to 1\.$"):
        checked_smoothing(share)


def test_nothing_a_part_and_all_are_shares():
    assert [checked_smoothing(share) for share in (0.0, 0.3, 1.0)] == [0.0, 0.3, 1.0]
