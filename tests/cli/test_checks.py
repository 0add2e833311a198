"""What doctor looks at, one finding after the other; test_doctor.py runs the command."""

import shutil
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch

from napari_cliptrase.cli import checks, desktop
from napari_cliptrase.cli.checks import Finding, all_findings


@pytest.fixture
def found(tmp_path, monkeypatch) -> Callable[[], dict[str, Finding]]:
    """Look at this computer, as if all of the desktop were there."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(desktop, "missing_libraries", lambda: ())
    monkeypatch.setattr(desktop, "has_display", lambda: True)
    monkeypatch.setattr(checks, "version", lambda package: "1.2.3")
    monkeypatch.setattr(checks, "find_spec", lambda name: object())
    monkeypatch.setattr(checks, "entry_points", lambda group: [SimpleNamespace(name="napari-cliptrase")])
    return lambda: {finding.topic: finding for finding in all_findings()}


def test_every_finding_that_is_not_well_says_what_to_do_or_why_it_limits(found):
    findings = found()
    assert next(iter(findings)) == "Python"
    assert all(finding.cure for finding in findings.values() if finding.state == "bad")


def test_little_room_for_models_is_a_note(found, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_500_000_000))
    cache = found()["Cache"]
    assert (cache.state, cache.cure) == ("note", "make room for models")
    assert "1.5 GB free" in cache.text


def test_a_disk_that_cannot_be_asked_is_bad(found, monkeypatch):
    def broken(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", broken)
    cache = found()["Cache"]
    assert cache.state == "bad"
    assert "Input/output error" in cache.text
    assert "NAPARI_CLIPTRASE_CACHE" in cache.cure


@pytest.mark.parametrize(
    ("threads", "limit", "state", "cure"),
    [(1, "1", "note", "unset OMP_NUM_THREADS"), (1, None, "note", None), (4, "4", "ok", None)],
)
def test_one_thread_for_many_processors_is_a_note(found, monkeypatch, threads, limit, state, cure):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(checks.os, "cpu_count", lambda: 8)
    if limit is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
    finding = found()["Threads"]
    assert (finding.state, finding.cure) == (state, cure)
    assert f"{threads} for 8 processors" in finding.text


def test_a_napari_that_does_not_know_the_plugin_is_bad(found, monkeypatch):
    monkeypatch.setattr(checks, "entry_points", lambda group: [])
    plugin = found()["Plugin"]
    assert (plugin.state, plugin.cure) == ("bad", "pip install napari-cliptrase")


def test_the_binding_that_was_asked_for_is_named(found, monkeypatch):
    monkeypatch.setenv("QT_API", "pyside6")
    assert found()["Qt"].text.endswith("; QT_API=pyside6")


def test_without_a_display_and_without_a_virtual_one_it_says_how_to_get_it(found, monkeypatch):
    monkeypatch.setattr(desktop, "has_display", lambda: False)
    monkeypatch.setattr(desktop, "has_virtual_display", lambda: False)
    assert found()["Display"].cure == "sudo apt-get install -y xvfb"
