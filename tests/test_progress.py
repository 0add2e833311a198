from napari_cliptrase.progress import Progress, map_progress, run_to_end


def steps():
    yield from (1, 2, 3)
    return "end"


def test_a_generator_runs_to_its_end_and_every_step_is_shown():
    seen = []
    assert run_to_end(steps(), seen.append) == run_to_end(steps()) == "end"
    assert seen == [1, 2, 3]


def test_steps_are_reported_in_other_words_and_some_passed_over():
    seen = []
    reported = map_progress(steps(), lambda step: Progress(step, 3, "doing") if step != 2 else None)
    assert run_to_end(reported, seen.append) == "end"
    assert [progress.done for progress in seen] == [1, 3]
