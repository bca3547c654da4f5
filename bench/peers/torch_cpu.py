"""PyTorch on the CPU with two threads, asked by lines of text as `_serve.ts` says."""

import json
import sys
import time

import numpy
import torch

torch.set_num_threads(2)
BATCH = 60
LAYERS = [
    ("conv1", [10, 1, 5, 5], 25),
    ("conv2", [20, 10, 5, 5], 250),
    ("dense1", [50, 320], 320),
    ("dense2", [10, 50], 50),
]


def uniform(shape, seed, bound):
    """The numbers of `_work.ts`."""
    size = int(numpy.prod(shape))
    x, values = seed, numpy.empty(size)
    for i in range(size):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        values[i] = (2 * x / 2**32 - 1) * bound
    return torch.tensor(values.astype(numpy.float32)).reshape(shape)


def cnn():
    parameters = []
    for i, (_, shape, fan) in enumerate(LAYERS):
        parameters.append(uniform(shape, 21 + 2 * i, fan**-0.5))
        parameters.append(uniform(shape[:1], 22 + 2 * i, fan**-0.5))
    for parameter in parameters:
        parameter.requires_grad_()
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters
    x = uniform([BATCH, 1, 28, 28], 31, 1.0)
    y = torch.tensor([(7 * i) % 10 for i in range(BATCH)])
    optimizer = adam(parameters)
    f = torch.nn.functional

    def step():
        optimizer.zero_grad()
        a = f.relu(f.max_pool2d(f.conv2d(x, w1, b1), 2))
        a = f.relu(f.max_pool2d(f.conv2d(a, w2, b2), 2))
        a = f.relu(f.linear(a.flatten(1), w3, b3))
        loss = f.cross_entropy(f.linear(a, w4, b4), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def update(size):
    theta = uniform([size], 3, 1.0)
    theta.grad = uniform([size], 7, 1.0)
    optimizer = adam([theta])

    def step():
        optimizer.step()
        return theta[0]

    return step


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3)


task = sys.argv[1]
step = update(int(sys.argv[2])) if task == "adam" else cnn()
print(json.dumps({"name": f"PyTorch {torch.__version__} on the CPU, 2 threads"}), flush=True)
steps = 0
for line in sys.stdin:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(int(line)):
        loss = step()
    spent = {
        "cpu": 1000 * (time.process_time() - cpu),
        "wall": 1000 * (time.perf_counter() - wall),
    }
    steps += int(line)
    print(json.dumps({**spent, "steps": steps, "loss": float(loss.detach())}), flush=True)
