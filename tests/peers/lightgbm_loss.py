"""LightGBM's weighted log loss on unseen rows, for gbdt.peers.ts: FOLDER with raw arrays, PARAMETERS as JSON."""
import json
import sys

import lightgbm
import numpy

folder, rules = sys.argv[1], json.loads(sys.argv[2])


def part(name):
    values = numpy.fromfile(f"{folder}/{name}.values", dtype=numpy.float32).reshape(-1, rules["features"])
    return values, numpy.fromfile(f"{folder}/{name}.labels", dtype=numpy.uint8), numpy.fromfile(f"{folder}/{name}.weights")


values, labels, weights = part("train")
model = lightgbm.train(
    {
        "objective": "binary",
        "num_leaves": rules["leaves"],
        "learning_rate": rules["learningRate"],
        "min_data_in_leaf": rules["minRows"],
        "min_sum_hessian_in_leaf": rules["minHessian"],
        "lambda_l2": rules["l2"],
        "max_bin": rules["maxBins"],
        "num_threads": 1,
        "seed": 1,
        "verbose": -1,
    },
    lightgbm.Dataset(values, labels, weight=weights),
    rules["trees"],
)
values, labels, weights = part("unseen")
p = numpy.clip(model.predict(values), 1e-12, 1 - 1e-12)
loss = -(weights * (labels * numpy.log(p) + (1 - labels) * numpy.log(1 - p))).sum() / weights.sum()
print(json.dumps({"loss": float(loss)}))
