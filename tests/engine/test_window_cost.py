from napari_cliptrase import Settings, load_model
from napari_cliptrase.engine.core_plan import plan_large
from napari_cliptrase.engine.window_cost import measure_window


def test_a_window_of_more_patches_takes_more_memory():
    model = load_model("demo", device="cpu")
    small, large = (
        measure_window(model, plan_large((608, 608), model.vision.patch, settings), settings)
        for settings in (Settings(detail="full", window=64), Settings(detail="full", window=192))
    )
    assert small.seconds > 0
    assert large.seconds > 0
    assert large.nbytes > 2 * small.nbytes > 0
