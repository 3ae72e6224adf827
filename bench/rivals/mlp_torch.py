"""The rival of `ratios mlp`: the same network, data, optimiser and batches in PyTorch, on one thread.

Usage: python3 mlp_torch.py FASHION_FOLDER LAW EPOCHS SEED, with LAW one of relu, dropout:P, droprelu:KEEP, rrelu:L,U.
Prints one JSON object: processor seconds of each epoch's steps, and accuracy and NLL on the test images.
"""
import gzip
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

MEAN, DEVIATION, BATCH = 0.2860, 0.3530, 128


def read(folder, part):
    with gzip.open(f"{folder}/{part}-images-idx3-ubyte.gz") as images, gzip.open(f"{folder}/{part}-labels-idx1-ubyte.gz") as labels:
        x = torch.frombuffer(bytearray(images.read()[16:]), dtype=torch.uint8).reshape(-1, 784)
        y = torch.frombuffer(bytearray(labels.read()[8:]), dtype=torch.uint8).long()
    return (x.float() / 255 - MEAN) / DEVIATION, y


class DropRelu(nn.Module):
    """The rectifier with probability keep, else the identity, for each unit and sample."""

    def __init__(self, keep):
        super().__init__()
        self.keep = keep

    def forward(self, h):
        if not self.training:
            return functional.leaky_relu(h, 1 - self.keep)
        kept = torch.rand_like(h) < self.keep
        return torch.where(kept, functional.relu(h), h)


def activation(law):
    name, _, numbers = law.partition(":")
    values = [float(v) for v in numbers.split(",") if v]
    if name == "dropout":
        return nn.Sequential(nn.ReLU(), nn.Dropout(values[0]))
    if name == "droprelu":
        return DropRelu(values[0])
    if name == "rrelu":
        return nn.RReLU(values[0], values[1])
    return nn.ReLU()


def main():
    folder, law, epochs, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x, y = read(folder, "train")
    test_x, test_y = read(folder, "t10k")
    net = nn.Sequential(nn.Linear(784, 128), activation(law), nn.Linear(128, 128), activation(law), nn.Linear(128, 10))
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    seconds = []
    for _ in range(epochs):
        start = time.process_time()
        order = torch.randperm(len(x))
        for first in range(0, len(x), BATCH):
            chosen = order[first:first + BATCH]
            loss = functional.cross_entropy(net(x[chosen]), y[chosen])
            adam.zero_grad()
            loss.backward()
            adam.step()
        seconds.append(time.process_time() - start)
    net.eval()
    with torch.no_grad():
        z = net(test_x)
        accuracy = (z.argmax(1) == test_y).float().mean().item()
        nll = functional.cross_entropy(z, test_y).item()
    print(json.dumps({"version": torch.__version__, "seconds": seconds, "accuracy": accuracy, "nll": nll}))


if __name__ == "__main__":
    main()
