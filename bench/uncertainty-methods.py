"""Methods x networks on Fashion-MNIST with MNIST as the other distribution, through the command line; prints the table of bench/results/uncertainty-methods.md.

usage: uncertainty-methods.py FASHION_FOLDER MNIST_FOLDER CELLS_FOLDER MODEL...

Models read (pixel / 255 - 0.286) / 0.353. The last 5,000 training images are the calibration data. Every cell is one file in CELLS_FOLDER, written under another name and then renamed: a run that
was ended goes on where it was when it is started again.
"""
import gzip
import json
import os
import resource
import statistics
import struct
import subprocess
import sys

fashion, mnist, cells, *models = sys.argv[1:]
os.makedirs(cells, exist_ok=True)
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
orthant = os.environ.get("ORTHANT", os.path.join(root, "orthant"))


def idx(folder, part):
    return ",".join(os.path.join(folder, f"{part}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))


images, labels = (gzip.open(path).read() for path in idx(fashion, "train").split(","))
validation = [os.path.join(cells, "val-images-idx3-ubyte"), os.path.join(cells, "val-labels-idx1-ubyte")]
with open(validation[0], "wb") as file:
    file.write(struct.pack(">IIII", 2051, 5000, 28, 28) + images[-5000 * 784:])
with open(validation[1], "wb") as file:
    file.write(struct.pack(">II", 2049, 5000) + labels[-5000:])

RANDOM = ["deterministic", "mc-dropout:0.1", "mc-rrelu:-0.2,0.2", "ensemble"]
MAPS = [None, "temperature", "vector", "matrix", "isotonic", "histogram"]


def cell(method, calibration, number):
    path = os.path.join(cells, f"{method}-{calibration}-{number}.json".replace(":", "_"))
    if not os.path.exists(path):
        files = models if method == "ensemble" else [models[number]]
        command = [orthant, "uncertainty", *files, "--data", idx(fashion, "t10k"), "--ood", idx(mnist, "t10k"), "--validation", ",".join(validation),
                   "--method", method, "--normalize", "0.286,0.353", "--conformal", "lac", "--json", "--quiet", "--seed", "1"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(subprocess.run(command + (["--recalibrate", calibration] if calibration else []), check=True, capture_output=True).stdout)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found["cpu"] = after.ru_utime - before.ru_utime
        with open(path + ".part", "w") as file:
            json.dump(found, file)
        os.replace(path + ".part", path)
    with open(path) as file:
        return json.load(file)


def spread(values):
    if None in values:
        return "–"
    mean = statistics.mean(values)
    return f"{mean:.4f} ± {statistics.stdev(values):.4f}" if len(values) > 1 else f"{mean:.4f}"


print("| method | calibration | accuracy | NLL | Brier | ECE | AURC | AUROC entropy | AUROC mutual information | AUROC energy | coverage | set size | CPU s |")
print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
for method in RANDOM:
    for calibration in MAPS if method == "deterministic" else [None, "temperature"]:
        found = [cell(method, calibration, i) for i in range(1 if method == "ensemble" else len(models))]
        figures = [spread([f["figures"][key]["value"] for f in found]) for key in ("accuracy", "nll", "brier", "ece", "aurc")]
        scores = [spread([f["ood"].get(key, {}).get("auroc") for f in found]) for key in ("entropy", "mutualInformation", "energy")]
        sets = [spread([f["conformal"][key] for f in found]) for key in ("coverage", "meanSize")]
        print(f"| {method} | {calibration or '–'} | " + " | ".join(figures + scores + sets) + f" | {statistics.mean(f['cpu'] for f in found):.1f} |", flush=True)
