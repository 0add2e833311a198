"""A batch in a process of its own: ``python many_images.py FOLDER MODEL WORKERS KILL_AFTER``.

Prints a line for each image that is done and one of JSON at the end: the most memory the process had, in KiB. With
workers, one of them is killed once ``KILL_AFTER`` images are done.
"""

import json
import os
import resource
import signal
import sys
from contextlib import ExitStack

from napari_cliptrase.batch.batch_plan import plan_batch
from napari_cliptrase.batch.dask_runner import dask_client, run_on_dask_steps
from napari_cliptrase.batch.image_work import ImageWorker, RunSetup
from napari_cliptrase.batch.runner import ResultWriter, run_batch_steps
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.project import Project

PROMPTS = PromptSet.parse("sky\nsea: water\ntree\nbackground: house")
SETTINGS = Settings(detail=Detail.COARSE, templates=TemplateSet.SINGLE)


def main(folder: str, model: str, workers: int, kill_after: int) -> None:
    setup = RunSetup(PROMPTS, SETTINGS, model=model, device="cpu")
    with Project.open_or_create(folder, PROMPTS) as project, ExitStack() as stack:
        writer = ResultWriter(project, setup.run())
        names = plan_batch(project, writer.run).todo
        if workers:
            client = stack.enter_context(dask_client(workers=workers))
            pids = list(client.run(os.getpid).values())
            steps = run_on_dask_steps(writer, setup, names, client)
        else:
            pids = []
            steps = run_batch_steps(writer, run_to_end(ImageWorker.load_steps(setup)), names)
        for number, outcome in enumerate(steps, 1):
            assert outcome.failure is None, outcome
            sys.stdout.write(f"{outcome.name}\n")
            sys.stdout.flush()
            if number == kill_after and pids:
                os.kill(pids[0], signal.SIGKILL)
    sys.stdout.write(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
