from dataclasses import replace

from napari_cliptrase.engine.settings import Detail


def test_where_nothing_is_shown_nothing_is_behind_and_nothing_can_be_scored(bench):
    shown = bench.runner.shown
    assert shown.up_to_date
    assert not shown.can_be_scored_again
    assert shown.examples() is None


def test_other_classes_or_settings_are_another_question_and_their_order_is_not(bench):
    bench.run()
    bench.runner.live = False
    shown, prompts = bench.runner.shown, bench.session.prompts
    assert shown.up_to_date
    bench.session.prompts = prompts.moved(prompts.ids[-1], 0)
    assert shown.up_to_date
    bench.session.prompts = prompts.added("grass")
    assert not shown.up_to_date
    bench.session.prompts = prompts
    assert shown.up_to_date
    bench.session.settings = replace(bench.session.settings, threshold=0.9)
    assert not shown.up_to_date
    assert shown.can_be_scored_again


def test_settings_that_need_a_new_encoding_cannot_be_scored(bench):
    bench.run()
    bench.session.settings = replace(bench.session.settings, detail=Detail.COARSE)
    assert not bench.runner.shown.can_be_scored_again


def test_a_result_that_was_made_ahead_is_shown_and_found_again_as_if_it_had_been_run_here(bench):
    bench.run()
    found, encoded = bench.session.segmented, bench.session.encoded
    shown, question = bench.runner.shown, bench.runner.shown.question()
    other = bench.add_second()
    bench.session.image = other
    assert bench.session.segmented is None
    shown.take_up(bench.model, encoded, found, question)
    assert (bench.session.encoded, bench.session.segmented) == (encoded, found)
    bench.session.image = bench.image
    assert bench.session.segmented is found
