from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QMainWindow

from napari_cliptrase.plugin.run.window_close import save_when_closed

A = "image0000.png"


def test_closing_the_window_saves_and_gives_the_folder_back(annotator, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    save_when_closed(window, annotator.work)
    save_when_closed(window, annotator.work)
    project = annotator.state.project
    annotator.paint(1)
    window.close()
    assert project.record(A).pixels[1] > 0
    annotator.wait(lambda: annotator.state.project is None)
    assert project.read_only


def test_a_window_that_does_not_close_after_all_goes_on(annotator, qtbot):
    class Stubborn(QMainWindow):
        def closeEvent(self, event):
            event.ignore()

    window = Stubborn()
    window.show()
    save_when_closed(window, annotator.work)
    annotator.paint(1)
    looked = []
    window.close()
    QTimer.singleShot(0, lambda: looked.append(True))  # after the timer that looks whether the window has closed
    qtbot.waitUntil(lambda: bool(looked))
    assert annotator.state.project is not None
    annotator.paint(2, 20, 20)
    assert annotator.saved(A).labels[20, 20] == 2
    window.hide()
