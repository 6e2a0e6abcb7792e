"""Libraries that predict with a forest, each called in its fastest way."""

import ctypes
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from same_forest import Forest

HERE = Path(__file__).parent


class Contestant:
    """A way to predict: `predict()` predicts all rows, `time(rows, calls)` returns seconds."""

    def __init__(self, name, library, how, predict, time):
        self.name, self.library, self.how = name, library, how
        self.predict, self.time = predict, time


def timed_in_python(call, rows):
    """Times `call` with slices of `rows` that are prepared beforehand."""

    def measure(rows_per_call, calls):
        slices = slices_of(rows, rows_per_call, calls)
        start = time.perf_counter()
        for part in slices:
            call(part)
        return time.perf_counter() - start

    return measure


def slices_of(rows, rows_per_call, calls):
    total = len(rows)
    rows = cycled(rows, total + rows_per_call)
    firsts = (index * rows_per_call % total for index in range(calls))
    return [rows[first:first + rows_per_call] for first in firsts]


def cycled(rows, count):
    return np.ascontiguousarray(np.resize(rows, (count, rows.shape[1])))


def sklearn(forest: Forest, _):
    import sklearn

    sklearn.set_config(assume_finite=True)
    model = forest.sklearn()
    rows = np.ascontiguousarray(forest.rows, dtype=np.float32)
    yield Contestant(
        "scikit-learn", f"scikit-learn {sklearn.__version__}", "predict, float32, n_jobs=1, assume_finite",
        lambda: model.predict(rows), timed_in_python(model.predict, rows),
    )


def onnxruntime(forest: Forest, _):
    import onnxruntime
    from skl2onnx import to_onnx

    rows = np.ascontiguousarray(forest.rows, dtype=np.float32)
    model = to_onnx(forest.sklearn(), rows[:1]).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(part):
        return session.run(None, {name: part})[0]

    yield Contestant(
        "ONNX Runtime", f"ONNX Runtime {onnxruntime.__version__}",
        "InferenceSession.run, float32, one thread",
        lambda: run(rows).ravel(), timed_in_python(run, rows),
    )


def ydf(forest: Forest, _):
    import ydf

    model = ydf.from_sklearn(forest.sklearn())
    rows = np.ascontiguousarray(forest.rows, dtype=np.float32)

    def measure(rows_per_call, calls):
        data = {"features": cycled(rows, max(len(rows), rows_per_call))}
        result = model.benchmark(
            data, benchmark_duration=0.1, warmup_duration=0.01, batch_size=rows_per_call, num_threads=1)
        return result.duration_per_example * rows_per_call * calls

    yield Contestant(
        "YDF", f"YDF {ydf.__version__}", "its own model.benchmark: the C++ engine, one thread",
        lambda: model.predict({"features": rows}, num_threads=1), measure,
    )


def lleaves(forest: Forest, kept: Path):
    import lleaves

    timer = native_timer(kept)
    text = forest.lightgbm(kept / "lightgbm.txt")
    rows = cycled(forest.rows, 3 * len(forest.rows) + 1)
    # The faster code model is limited to 2 GB. Inlining makes compilation ten times as slow, prediction no faster.
    code = "small" if leaves(forest) < 100_000 else "large"
    for name, blocks in {"lleaves": 34, "lleaves, one block": len(forest.trees)}.items():
        compiled = kept / f"lleaves-{blocks}.bin"
        may_compile(forest, compiled)
        model = lleaves.Model(str(text))
        model.compile(cache=compiled, fblocksize=blocks, finline=False, fcodemodel=code)
        entry = ctypes.cast(model._c_entry_func, ctypes.c_void_p)

        def measure(rows_per_call, calls, entry=entry):
            answers = np.empty(rows_per_call)
            return timer.time_lleaves(
                entry, pointer(rows), forest.width, 8, len(forest.rows), rows_per_call, calls, pointer(answers))

        yield Contestant(
            name, "lleaves 1.3.0", f"its compiled function, called from C, float64, blocks of {blocks} trees",
            lambda model=model: model.predict(forest.rows, n_jobs=1), measure,
        )


def tl2cgen(forest: Forest, kept: Path):
    import tl2cgen
    import treelite

    library = kept / "tl2cgen.so"
    may_compile(forest, library)
    if not library.exists():
        model = treelite.frontend.load_lightgbm_model(forest.lightgbm(kept / "lightgbm.txt"))
        source = kept / "tl2cgen"
        tl2cgen.generate_c_code(
            model, source, params={"quantize": 1, "parallel_comp": len(forest.trees)})
        build(sorted(source.glob("*.c")), library)
    predict = ctypes.CDLL(str(library)).predict
    timer = native_timer(kept)
    entries = cycled(forest.rows, 3 * len(forest.rows) + 1)
    answers = np.empty(2 * len(entries))

    def measure(rows_per_call, calls):
        return timer.time_tl2cgen(
            ctypes.cast(predict, ctypes.c_void_p), pointer(entries), forest.width, 8, len(forest.rows),
            rows_per_call, calls, pointer(answers), 8)

    def every():
        measure(len(forest.rows), 1)
        return answers[:len(forest.rows)].copy()

    yield Contestant(
        "tl2cgen", f"tl2cgen {tl2cgen.__version__}",
        "quantised C, gcc -O3 -march=native, called from C row by row", every, measure,
    )


def leaves(forest: Forest):
    return sum(int((tree["feature"] < 0).sum()) for tree in forest.trees)


def may_compile(forest: Forest, kept: Path):
    """Fails if the forest is too large to be compiled in this run."""
    wanted = leaves(forest) <= int(os.environ.get("BENCH_LEAVES_TO_COMPILE", "10000000"))
    assert wanted or kept.exists(), "compilation takes minutes (once), which quick mode leaves out"


def native_timer(kept: Path):
    library = kept / "timer.so"
    build([HERE / "timer.c"], library)
    timer = ctypes.CDLL(str(library))
    address, number = ctypes.c_void_p, ctypes.c_int
    timer.time_lleaves.restype = timer.time_tl2cgen.restype = ctypes.c_double
    timer.time_lleaves.argtypes = [address, address, number, number, number, number, number, address]
    timer.time_tl2cgen.argtypes = timer.time_lleaves.argtypes + [number]
    return timer


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def build(sources, library: Path):
    """Compiles C sources on all cores, then links them."""
    options = ["gcc", "-O3", "-march=native", "-fPIC"]

    def compile(source):
        output = library.parent / f"{library.stem}-{source.stem}.o"
        subprocess.run([*options, "-c", source, "-o", output], check=True)
        return output

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile, sources))
    unfinished = library.with_suffix(".unfinished")
    subprocess.run([*options, "-shared", "-o", unfinished, *objects, "-lm"], check=True)
    unfinished.rename(library)
    for each in objects:
        each.unlink()


LIBRARIES = {
    "scikit-learn": sklearn, "ONNX Runtime": onnxruntime, "tl2cgen": tl2cgen, "lleaves": lleaves, "YDF": ydf,
}
