"""A viewer with an RGB image and a stack, what people and runs do to their label layers, and the account of it."""

from contextlib import contextmanager

import numpy as np
from napari.layers import Labels
from scipy import ndimage
from statements import UNSAID, Statements

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of, planes_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.workbench import workbench_of

CLASSES = (1, 2, 3)
ALL = PromptSet.from_names("cat", "dog", "cow")


class Scene:
    """Everything that is done goes through the public face of the plugin's layers; ``said`` is told what was meant."""

    def __init__(self, viewer, *pictures):
        self.viewer = viewer
        self.bench = workbench_of(viewer)
        self.session, self.layers = self.bench.session, self.bench.layers
        self.said = Statements(viewer)
        self.images = [viewer.add_image(picture, rgb=picture.shape[-1] == 3) for picture in pictures]
        self.targets = [self._targets(image) for image in self.images]
        self.session.prompts = ALL
        self._guarded = {}
        """What locked classes must still hold, by layer, while something of ours writes."""
        self._taken = {}
        """What each run in *replace* let the model have: (account, mask, what was said)."""

    def _targets(self, image):
        source = plane_source_of(self.viewer, image, self.session.version_of(image))
        return [plane.target for plane in planes_of(source)]

    def target(self, image, plane):
        planes = self.targets[image]
        return planes[plane % len(planes)]

    def found(self, image):
        """Label layers by class; None is the combined one."""
        found = dict(self.layers.class_layers(self.images[image]))
        combined = self.layers.combined_layer(self.images[image])
        return {**found, None: combined} if combined is not None else found

    def all_layers(self):
        return [(number, key, layer) for number in range(len(self.images)) for key, layer in self.found(number).items()]

    @staticmethod
    def on(target, mask):
        """The mask (h, w) of a target's box as a mask of its label layers."""
        whole = np.zeros(target.geometry.shape, bool)
        target.geometry.plane_of(whole, target.plane)[target.box] = mask
        return whole

    # -- hands --------------------------------------------------------------------------------------------------------

    def stroke(self, layer, mask, value, paint):
        """Paint with one of napari's tools what ``mask`` is about; ``paint()`` does it."""
        self.said.settle()
        paint()
        mask = mask & (np.asarray(layer.data) == value)
        self.said.say(layer, mask, value)
        self.said.settle()
        if layer in self._guarded:
            self._guarded[layer][mask] = value

    def fill(self, layer, place, value):
        data = layer.data.copy()
        painted = tuple(slice(None) if axis >= data.ndim - 2 else at for axis, at in enumerate(place))
        mask = np.zeros(data.shape, bool)
        areas, _ = ndimage.label(data[painted] == data[place])
        mask[painted] = areas == areas[place[-2:]]
        layer.fill(place, value)
        if value or data[place]:
            self.said.say(layer, mask, value)
        self.said.settle()

    def undo(self, layer, *, again=False):
        """Ctrl+Z, or Ctrl+Shift+Z."""
        account = self.said.of(layer)
        steps = account.redo if again else account.done
        step = steps[-1] if steps else None
        (layer.redo if again else layer.undo)()
        self.said.settle_undo(None if again else step)

    def give(self, image, plane, mask, class_id):
        """A region click, or a mask that was accepted."""
        target, locked, before = self.target(image, plane), self.session.locked, self.contents(image)
        for key, data in before.items():
            now = target.geometry.plane_of(data, target.plane)
            mask = mask & ~(np.isin(now, list(locked)) if key is None else (now != 0) & (key in locked))
        with self.locked_stay():
            self.layers.assign(target, mask, class_id, locked=locked)
        given = self.on(target, mask)
        for key, layer in self.found(image).items():
            old = before.get(key, np.zeros(layer.data.shape))
            if key in locked:
                continue
            if key in (class_id, None):
                self.said.say(layer, given, class_id)
            else:
                self.said.say(layer, given if class_id == 0 else given & (old != 0), 0)
        self.said.settle(together=True)

    def delete(self, layer):
        with self.said.by_hand():
            self.viewer.layers.remove(layer)

    # -- the model ----------------------------------------------------------------------------------------------------

    def results(self, image, planes, labels, title="Segment"):
        table = self.session.prompts.table()
        return [
            PlaneResult(self.target(image, plane), np.where(np.isin(found, table.ids), found, 0), table, title=title)
            for plane, found in zip(planes, labels, strict=True)
        ]

    def write(self, image, results, *, output=Output.CLASSES, mode=MergeMode.KEEP_EDITS, instead_of=None, stroke=None):
        """Write results; ``stroke`` is a number of steps and what happens after them (None: Cancel)."""
        locked, before = self.session.locked, self.found(image)
        taken = self._to_be_taken(before, results, output, locked) if mode is MergeMode.REPLACE else []
        with self.locked_stay():
            steps = self.layers.write_planes(results, output=output, mode=mode, locked=locked, instead_of=instead_of)
            run = self._run(steps, *(stroke or (None, None)))
        if run is None:
            taken = []
        for account, mask in taken:
            self._taken.setdefault(run.number, []).append((account, mask, account.said.copy()))
            self.said.take(account.layer, mask)
        self.said.settle()
        return run

    def undo_run(self):
        run = self.layers.last_run
        with self.locked_stay():
            self.layers.undo_last_run(self.session.locked)
        for account, mask, said in self._taken.pop(run.number, ()):
            back = mask & (said != UNSAID) & (account.said == UNSAID) & (account.layer.data == said)
            account.said[back] = said[back]
        self.said.settle()

    @staticmethod
    def _run(steps, count, then):
        """Write to the end, or some steps only."""
        done = 0
        while True:
            if count is not None and done == count:
                if then is None:
                    steps.close()
                    return None
                then()
            try:
                next(steps)
            except StopIteration as end:
                return end.value
            done += 1

    def _to_be_taken(self, layers, results, output, locked):
        """What a run in *replace* lets the model have, by account."""
        taken = []
        for key, layer in layers.items():
            if key in locked or output is (Output.CLASSES if key is None else Output.COMBINED):
                continue
            open_to_it = np.zeros(layer.data.shape, bool)
            for result in results:
                target = result.target
                proposed, where = result.on_plane()
                free = np.ones(proposed.shape, bool) if where is None else where.copy()
                for other, held in layers.items():
                    now = target.geometry.plane_of(held.data, target.plane)
                    free &= ~(np.isin(now, list(locked)) if other is None else (now != 0) & (other in locked))
                free &= ~np.isin(proposed, list(locked))
                target.geometry.plane_of(open_to_it, target.plane)[...] |= free
            taken.append((self.said.of(layer), open_to_it))
        return taken

    # -- what must hold -----------------------------------------------------------------------------------------------

    def contents(self, image):
        return {key: layer.data.copy() for key, layer in self.found(image).items()}

    @contextmanager
    def locked_stay(self):
        """While something of ours writes, nothing but a hand changes a locked class."""
        locked = list(self.session.locked)
        layers = [(key, layer) for _, key, layer in self.all_layers() if key is None or key in locked] if locked else []
        self._guarded = {layer: layer.data.copy() for _, layer in layers}
        yield
        for key, layer in layers:
            old, now = self._guarded[layer], layer.data
            if key is None:
                now = now if layer in self.viewer.layers else np.zeros_like(now)
                old, now = np.where(np.isin(old, locked), old, 0), np.where(np.isin(now, locked), now, 0)
            else:
                assert layer in self.viewer.layers, "a locked layer is gone"
            assert np.array_equal(now, old), "a locked class changed"
        self._guarded = {}

    def check(self):
        """Every pixel is as a person left it, nothing else counts as an edit, and the figures are true."""
        assert not self.said.lost, "a layer that a person had stated something in is gone"
        for number, planes in enumerate(self.targets):
            found = self.found(number)
            for layer in found.values():
                account = self.said.of(layer)
                assert np.array_equal(layer.data[account.is_said], account.said[account.is_said]), "a statement is lost"
            for target in planes:
                self._check_plane(number, target, found)

    def _check_plane(self, number, target, found):
        edited, areas = np.zeros(target.shape, bool), {}
        for key, layer in found.items():
            said = target.geometry.plane_of(self.said.of(layer).is_said, target.plane)
            edits = self.layers.history.edits(layer, target.geometry, target.plane)
            assert np.array_equal(edits, said), "edits are not what a person stated"
            edited |= said
            content = target.geometry.plane_of(layer.data, target.plane)
            if key is not None:
                areas[key] = np.count_nonzero(content)
        if not areas and None in found:
            content = target.geometry.plane_of(found[None].data, target.plane)
            areas = {value: np.count_nonzero(content == value) for value in np.unique(content) if value}
        assert np.array_equal(self.layers.edited(target), edited)
        shares = self.layers.areas(target)
        assert {key: shares[key] for key in shares if key} == {key: n / edited.size for key, n in areas.items()}


def label_layer(shape, fill):
    """A label layer to try a tool on."""
    return Labels(np.full(shape, fill, np.uint8))
