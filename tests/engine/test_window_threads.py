"""Threads that work on windows side by side."""

import threading

import torch

from napari_cliptrase.engine.window_threads import thread_count, window_threads

CPU = torch.device("cpu")


def test_torch_uses_one_core_in_each_thread_and_as_many_as_before_everywhere_else():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with window_threads(CPU) as pool:
            meet = threading.Barrier(thread_count(CPU))
            asked = [pool.submit(lambda: (meet.wait(), torch.get_num_threads())[1]) for _ in range(thread_count(CPU))]
            assert [future.result() for future in asked] == [1] * thread_count(CPU)
            assert torch.get_num_threads() == 3
            later: list[int] = []
            other = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
            other.start()
            other.join()
            assert later == [3]
    finally:
        torch.set_num_threads(before)


def test_leaving_drops_what_has_not_begun_and_waits_for_what_has():
    begun, go, done = threading.Barrier(thread_count(CPU) + 1), threading.Event(), []

    def work():
        begun.wait()
        go.wait()
        done.append(True)

    with window_threads(CPU) as pool:
        working = [pool.submit(work) for _ in range(thread_count(CPU))]
        waiting = pool.submit(done.append, False)
        begun.wait()
        threading.Timer(0.05, go.set).start()
    assert waiting.cancelled()
    assert all(future.done() for future in working)
    assert done == [True] * thread_count(CPU)


def test_another_device_gets_threads_for_reading_and_regions():
    assert thread_count(torch.device("cuda")) == 2
