from napari_cliptrase.plugin.widgets.folder.state_appearance import STATE_COLORS, record_tip, state_color, state_words
from napari_cliptrase.project.image_record import ImageRecord, State


def test_each_state_has_a_colour_of_its_own():
    assert set(STATE_COLORS) == set(State)
    assert len({state_color(state).name() for state in State}) == len(State)


def test_words_say_what_is_odd():
    record = ImageRecord("a.png", "a", State.IN_PROGRESS, uncertainty=0.25, disagreement=0.1, seconds=90, flag="glare")
    assert state_words(record) == "in progress · uncertain 25% · model disagrees 10%"
    assert record_tip(record).splitlines()[2:] == ["1.5 minutes of work", "⚑ glare"]
