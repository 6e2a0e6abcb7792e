"""Training of the forest, beside scikit-learn with the same parameters."""

from contextlib import ExitStack

from measure import Goal, Result, alternate
from process import Worker
from sections.forest import SPECS
from setup import ROOT, Missing

LAST_DAYS = {"house forest": "2011-01-31", "big forest": "2011-12-31"}


def measure(bench):
    results, goals = [], []
    for name, spec in SPECS.items():
        with ExitStack() as stack:
            workers = {"Canopy": stack.enter_context(Worker(bench.programs["worker"], "fit", spec))}
            try:
                peer = Worker(bench.python(), ROOT / "bench/peers/fit.py", LAST_DAYS[name])
                workers["scikit-learn 1.9.1"] = stack.enter_context(peer)
            except Missing as missing:
                bench.skip("scikit-learn's training", missing)
            for threads in (1, 2):
                contestants = {
                    key: lambda worker=worker: worker.order(threads=threads) * 1e3 for key, worker in workers.items()
                }
                values = alternate(contestants, bench.rounds)
                case = f"{name}, {threads} thread{'s' if threads > 1 else ''}"
                of_case = [Result("training", case, key, "ms", values[key], how=HOW[key]) for key in workers]
                results += of_case
                for peer in of_case[1:]:
                    goals.append(Goal(f"{case}: times faster than scikit-learn", of_case[0].ratio(peer), 1))
    return results, goals


HOW = {
    "Canopy": "canopy_trainer::Fit::new: grows, predicts the rows, in and out of bag",
    "scikit-learn 1.9.1": "RandomForestRegressor.fit, the same parameters, n_jobs as many",
}
