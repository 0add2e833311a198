"""The same work on worker processes: equal bytes, also when one of them is killed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_cliptrase.batch.batch_plan import plan_batch
from napari_cliptrase.batch.dask_runner import dask_client, run_on_dask_steps
from napari_cliptrase.batch.image_work import ImageWorker, RunSetup
from napari_cliptrase.batch.runner import ResultWriter, run_batch_steps
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.project.project import Project

pytest.importorskip("distributed", reason="workers are an extra: napari-cliptrase[cluster]")

Pictures = Callable[..., Path]
Files = Callable[[Path], dict[str, bytes]]


@pytest.mark.slow
def test_two_workers_one_of_them_killed_do_what_one_process_does(
    pictures: Pictures, setup: RunSetup, worker: ImageWorker, files: Files
) -> None:
    with Project.create(pictures("serial", 14), setup.prompts) as project:
        names = plan_batch(project, setup.run()).todo
        list(run_batch_steps(ResultWriter(project, setup.run()), worker, names))
    folder = pictures("workers", 14)

    with Project.create(folder, setup.prompts) as project, dask_client(workers=2) as client:
        pids = list(client.run(os.getpid).values())
        outcomes = []
        for outcome in run_on_dask_steps(ResultWriter(project, setup.run()), setup, names, client):
            outcomes.append(outcome)
            if len(outcomes) == 4:
                os.kill(pids[0], signal.SIGKILL)
        assert sorted(outcome.name for outcome in outcomes) == sorted(names)
        assert [outcome.failure for outcome in outcomes if outcome.failure] == []
    assert files(folder) == files(folder.parent / "serial")


def test_a_scheduler_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(CliptraseError, match="No dask scheduler answers"), dask_client(scheduler="tcp://127.0.0.1:9"):
        pass
