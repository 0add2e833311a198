from types import SimpleNamespace

from napari_cliptrase.plugin.widgets.segment.large_options import LargeOptions


def test_the_memory_of_windows_is_shown_and_can_be_freed(qtbot):
    runner = SimpleNamespace(skip_empty=False, cached_bytes=42_000_000)
    runner.forget_windows = lambda: setattr(runner, "cached_bytes", 0)
    options = LargeOptions(runner)
    qtbot.addWidget(options)
    assert options.kept.text() == "42 MB in memory"
    options.clear.click()
    assert options.kept.text() == "none in memory"
    assert not options.clear.isEnabled()
    runner.cached_bytes = 7_000_000
    options.refresh()
    assert options.clear.isEnabled()


def test_the_choice_reaches_the_runner(qtbot):
    runner = SimpleNamespace(skip_empty=False, cached_bytes=0)
    options = LargeOptions(runner)
    qtbot.addWidget(options)
    options.skip_empty.setChecked(True)
    assert runner.skip_empty
