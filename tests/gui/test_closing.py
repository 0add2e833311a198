"""Docks come and go; what they share stays."""

import gc

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_cliptrase.classes.prompts import PromptSet


def close_and_forget(window, widget):
    """Close a dock as its cross does, and let Qt delete what it wants to."""
    window.viewer.window.remove_dock_widget(widget)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def test_a_closed_dock_disturbs_no_one_and_a_new_one_goes_on(window, picture, qtbot):
    session = window.session
    session.image = window.viewer.add_image(picture, rgb=True, name="picture")
    first = window.dock("Segment by text")
    first.classes.add_text("sky\nmeadow")
    close_and_forget(window, first)
    session.prompts = session.prompts.added("sun")
    session.locked = frozenset({1})
    del first
    gc.collect()
    session.prompts = session.prompts.added("moon")
    window.viewer.add_image(picture, rgb=True, name="another")
    second = window.dock("Segment by text")
    assert second.classes.model.rowCount() == 5
    assert [entry.name for entry in session.prompts] == ["sky", "meadow", "sun", "moon"]


def test_closing_the_window_stops_a_run(make_napari_viewer_proxy, qtbot, picture):
    from napari_cliptrase.plugin.workbench import workbench_of

    viewer = make_napari_viewer_proxy()
    workbench = workbench_of(viewer)
    session = workbench.session
    session.image = viewer.add_image(picture, rgb=True)
    session.prompts = PromptSet.parse("sky")
    _, dock = viewer.window.add_plugin_dock_widget("napari-cliptrase", "Segment by text")
    dock.run()
    viewer.close()
    qtbot.waitUntil(lambda: workbench.jobs.idle, timeout=120_000)
    assert session.segmented is None
