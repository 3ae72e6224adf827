"""The rival of `ratios conv`: the same small residual network in PyTorch, channels_last, on one thread.

Usage: python3 conv_torch.py STEPS. Images are random; prints one JSON object with the images a second of processor time.
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

BATCH = 128


class Net(nn.Module):
    """Three convolutions, one residual block of two, global average, ten classes; 98,000 parameters."""

    def __init__(self):
        super().__init__()
        sizes = [(3, 16, 1), (16, 32, 2), (32, 64, 2), (64, 64, 1), (64, 64, 1)]
        self.convolutions = nn.ModuleList(nn.Conv2d(i, o, 3, s, 1, bias=False) for i, o, s in sizes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _ in sizes)
        self.last = nn.Linear(64, 10)

    def forward(self, x):
        for k in range(3):
            x = functional.relu(self.norms[k](self.convolutions[k](x)))
        y = functional.relu(self.norms[3](self.convolutions[3](x)))
        x = functional.relu(x + self.norms[4](self.convolutions[4](y)))
        return self.last(x.mean((2, 3)))


def main():
    steps = int(sys.argv[1])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = Net().to(memory_format=torch.channels_last)
    descent = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    x = torch.randn(BATCH, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, 10, (BATCH,))
    start = 0.0
    for step in range(steps + 5):
        if step == 5:
            start = time.process_time()
        loss = functional.cross_entropy(net(x), y)
        descent.zero_grad()
        loss.backward()
        descent.step()
    seconds = time.process_time() - start
    print(json.dumps({"version": torch.__version__, "imagesPerSecond": steps * BATCH / seconds}))


if __name__ == "__main__":
    main()
