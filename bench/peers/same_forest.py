"""The forest that Canopy trained, converted node by node for other libraries."""

import json
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree._tree import NODE_DTYPE, Tree


class Forest:
    """Trees as columns (feature -1 for a leaf, with its value in `threshold`), rows and predictions."""

    def __init__(self, file: Path):
        content = json.loads(file.read_text())
        self.trees = [{key: np.array(column) for key, column in tree.items()} for tree in content["trees"]]
        self.predictions = np.array(content["predictions"])
        self.rows = np.array(content["rows"]).reshape(len(self.predictions), -1)
        self.width = self.rows.shape[1]

    def sklearn(self) -> RandomForestRegressor:
        """The forest as one of scikit-learn that predicts on one thread.

        scikit-learn compares float32, so each threshold is moved halfway between two values of the
        rows, where rounding cannot change a comparison.
        """
        values = [np.unique(column) for column in self.rows.T]
        count = len(self.trees)
        model = RandomForestRegressor(n_estimators=count, max_features=1.0, n_jobs=1)
        model.fit(self.rows[:2], self.predictions[:2])
        for estimator, tree in zip(model.estimators_, self.trees):
            estimator.tree_ = sklearn_tree(tree, values)
        return model

    def lightgbm(self, file: Path) -> Path:
        """The forest as a text file of LightGBM, boosting type rf."""
        trees = [lightgbm_tree(index, tree) for index, tree in enumerate(self.trees)]
        sizes = " ".join(str(len(tree)) for tree in trees)
        names = " ".join(f"f{index}" for index in range(self.width))
        ranges = " ".join("[-1e300:1e300]" for _ in range(self.width))
        file.write_text(
            "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
            f"max_feature_idx={self.width - 1}\nobjective=regression\naverage_output\n"
            f"feature_names={names}\nfeature_infos={ranges}\ntree_sizes={sizes}\n\n"
            + "".join(trees)
            + "end of trees\n\nfeature_importances:\n\nparameters:\n[boosting: rf]\nend of parameters\n\n"
            "pandas_categorical:null\n"
        )
        return file


def sklearn_tree(tree: dict, values: list) -> Tree:
    feature, left, right = tree["feature"], tree["left"], tree["right"]
    is_leaf = feature < 0
    thresholds = tree["threshold"].copy()
    for index, column in enumerate(values):
        tests = feature == index
        # The rows include the training rows, so there is a value on either side.
        above = np.searchsorted(column, thresholds[tests], side="right")
        thresholds[tests] = (column[above - 1] + column[above]) / 2
    depth = depths(tree)
    nodes = np.zeros(len(feature), dtype=NODE_DTYPE)
    nodes["left_child"], nodes["right_child"] = left, right
    nodes["feature"] = np.where(is_leaf, -2, feature)
    nodes["threshold"] = np.where(is_leaf, -2.0, thresholds)
    # Converters need these, predictions do not.
    nodes["n_node_samples"] = nodes["weighted_n_node_samples"] = 1
    answers = np.where(is_leaf, tree["threshold"], 0.0).reshape(-1, 1, 1)
    converted = Tree(len(values), np.array([1], dtype=np.intp), 1)
    converted.__setstate__({
        "max_depth": int(depth.max()), "node_count": len(nodes), "nodes": nodes, "values": answers,
    })
    return converted


def depths(tree: dict) -> np.ndarray:
    depth = np.zeros(len(tree["feature"]), dtype=int)
    for node, (left, right) in enumerate(zip(tree["left"], tree["right"])):
        if left >= 0:
            depth[left] = depth[right] = depth[node] + 1
    return depth


def lightgbm_tree(index: int, tree: dict) -> str:
    is_leaf = tree["feature"] < 0
    # Inner nodes and leaves are numbered separately; a leaf is written as the complement of its number.
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)
    inner, leaves = ~is_leaf, int(is_leaf.sum())
    thresholds = tree["threshold"][inner]

    def line(name, values):
        return f"{name}={' '.join(map(str, values))}\n"

    splits = leaves - 1
    return (
        f"Tree={index}\nnum_leaves={leaves}\nnum_cat=0\n"
        + line("split_feature", tree["feature"][inner])
        + line("split_gain", [1] * splits)
        + line("threshold", [repr(float(value)) for value in thresholds])
        + line("decision_type", [0] * splits)
        + line("left_child", number[tree["left"][inner]])
        + line("right_child", number[tree["right"][inner]])
        + line("leaf_value", [repr(float(value)) for value in tree["threshold"][is_leaf]])
        + line("leaf_weight", [1] * leaves)
        + line("leaf_count", [1] * leaves)
        + line("internal_value", [0] * splits)
        + line("internal_weight", [1] * splits)
        + line("internal_count", [1] * splits)
        + "is_linear=0\nshrinkage=1\n\n\n"
    )
