import pytest
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.cli.cluster_options import uses_cluster
from napari_cliptrase.errors import CliptraseError


@pytest.mark.parametrize("command", ["batch", "large", "evaluate folder", "evaluate sweep"])
def test_every_command_offers_the_same_workers(command):
    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    assert "Processes on this computer; 0 uses this process alone." in shown
    assert "A dask scheduler, such as tcp://host:8786." in shown


def test_other_processes_are_started_or_found_but_not_both():
    assert not uses_cluster(0, None)
    assert uses_cluster(2, None)
    assert uses_cluster(0, "tcp://host:8786")
    with pytest.raises(CliptraseError, match="give one of them"):
        uses_cluster(2, "tcp://host:8786")
