"""Any sequence of work leaves files that tell the same as a plain model of it, also when it is opened again."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.class_edit import ClassEdit
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (3, 4)
NAMES = ("a.png", "a.jpg", "sub/b.png")
VALUES = st.integers(0, 3)
IMAGE = st.sampled_from(NAMES)


class AnnotatedFolder(RuleBasedStateMachine):
    """One person, one model, three images; the model of them is a pair of arrays and a state each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cliptrase-states-"))
        for number, name in enumerate(NAMES):
            (self.folder / name).parent.mkdir(exist_ok=True)
            Image.fromarray(np.full((*SHAPE, 3), number, np.uint8)).save(self.folder / name)
        self.project = Project.create(self.folder, PromptSet.parse("one\ntwo\nthree"))
        self.labels = {name: np.zeros(SHAPE, np.uint8) for name in NAMES}
        self.hand = {name: np.zeros(SHAPE, bool) for name in NAMES}
        self.state = dict.fromkeys(NAMES, State.NEW)
        self.before_change: tuple[PromptSet, dict[str, np.ndarray], dict[str, np.ndarray]] | None = None

    def teardown(self) -> None:
        self.project.close()
        shutil.rmtree(self.folder)

    @rule(name=IMAGE, value=VALUES, row=st.integers(0, 2))
    def paint(self, name: str, value: int, row: int) -> None:
        if value not in (0, *self.project.prompts.ids):
            return
        found = self.project.read(name)
        labels, sources = found.labels.copy(), found.sources.copy()
        labels[row], sources[row] = value, Provenance.HAND
        old = (found.labels.tobytes(), found.sources.tobytes())
        self.project.write(name, labels, sources)
        self.labels[name][row], self.hand[name][row] = value, True
        changed = old != (labels.tobytes(), sources.tobytes())
        state = self.state[name]
        if state is State.NEW or (changed and state is State.PRE_ANNOTATED):
            self.state[name] = State.IN_PROGRESS
        elif changed and state is State.REVIEWED:
            self.state[name] = State.DONE
        elif changed and state is State.EMPTY and labels.any():
            self.state[name] = State.IN_PROGRESS
        self.before_change = None

    @rule(name=IMAGE, value=st.integers(1, 3))
    def run(self, name: str, value: int) -> None:
        if value not in self.project.prompts.ids:
            return
        self.project.take_result(name, {(): np.full(SHAPE, value, np.uint8)})
        free = ~self.hand[name]
        self.labels[name][free] = value
        state = self.project.record(name).state
        assert state is not State.NEW
        assert not (state is State.EMPTY and self.labels[name].any())
        self.state[name] = state
        self.before_change = None

    @rule(name=IMAGE, state=st.sampled_from([State.DONE, State.REVIEWED, State.IN_PROGRESS]))
    def mark(self, name: str, state: State) -> None:
        self.project.set_state(name, state)
        self.state[name] = state
        if state is State.REVIEWED:
            self.hand[name][:] = True
        self.before_change = None

    @rule(old=st.integers(1, 3), new=st.integers(1, 3))
    def merge(self, old: int, new: int) -> None:
        if old == new or not {old, new} <= set(self.project.prompts.ids):
            return
        labels = {name: array.copy() for name, array in self.labels.items()}
        self.before_change = (self.project.prompts, labels, {n: h.copy() for n, h in self.hand.items()})
        self.project.change_classes(ClassEdit.merge(old, new))
        for array in self.labels.values():
            array[array == old] = new

    @precondition(lambda self: self.before_change is not None)
    @rule()
    def undo(self) -> None:
        assert self.before_change is not None
        prompts, self.labels, self.hand = self.before_change
        self.project.undo_class_change()
        assert self.project.prompts == prompts
        self.before_change = None

    @rule(clean=st.booleans())
    def open_again(self, clean: bool) -> None:
        if clean:
            self.project.close()
        self.project = Project.open(self.folder, take_over=not clean)
        assert not self.project.read_only

    @invariant()
    def everything_is_as_it_should_be(self) -> None:
        for name in NAMES:
            found = self.project.read(name)
            assert np.array_equal(found.labels, self.labels[name])
            assert np.array_equal(found.sources >= Provenance.HAND, self.hand[name])
            assert self.project.record(name).state is self.state[name]


TestAnnotatedFolder = AnnotatedFolder.TestCase
TestAnnotatedFolder.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
