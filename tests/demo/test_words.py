from napari_cliptrase.demo.words import IDS, LABEL_NAMES, NAMES, PAINTED, THINGS, WORDS, world_classes


def test_ids_names_and_table_agree():
    assert len(NAMES) == 20
    assert [LABEL_NAMES[IDS[name]] for name in NAMES] == list(NAMES)
    assert [(entry.id, entry.name) for entry in world_classes()] == list(enumerate(NAMES, start=1))


def test_no_word_stands_for_two_classes():
    words = [name for word in WORDS for name in (*word.names, *word.plurals)]
    assert len(words) == len(set(words))


def test_only_things_are_painted_and_counted():
    assert {name for name, paints in PAINTED.items() if paints} <= THINGS
    assert "sea" not in THINGS
    assert "boat" in THINGS
