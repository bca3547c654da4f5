"""The functions that every library minimises here, and how its paths are written down.

../_functions.ts has the same formulas in the language of this project. Each takes the namespace of a library
(jax.numpy, torch) and its parameters, in double precision.
"""

import json
import math
import pathlib

STEPS = (1, 2, 5, 10, 20, 50)

C = (0.7, 1.1, 1.5, 1.9, 2.3, 2.7)
WAVY_START = [[[0.5, -0.4], [0.3, 0.9]], [-1.1, 0.8]]
MATRIX = ((4.0, 1.0, 0.5), (1.0, 3.0, -0.7), (0.5, -0.7, 1.0))
CENTRE = (0.3, -0.2, 0.5)
EXAMPLES, FEATURES, CLASSES = 8, 4, 3


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def quadratic(xp, x):
    d = [x[i] - CENTRE[i] for i in range(3)]
    return 0.5 * dot(d, [dot(row, d) for row in MATRIX])


def rosenbrock(xp, x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def elements(a, b):
    return [a[0, 0], a[0, 1], a[1, 0], a[1, 1], b[0], b[1]]


def wavy(xp, a, b):
    x = elements(a, b)
    own = sum(xp.sin(C[i] * x[i]) + 0.1 * x[i] ** 2 + 0.02 * x[i] ** 4 for i in range(6))
    return own + 0.3 * sum(x[i] * xp.cos(x[i + 1]) for i in range(5))


def separable(xp, a, b):
    """Convex, with a diagonal Hessian: one probe of random signs gives the diagonal exactly."""
    x = elements(a, b)
    return sum(0.5 * C[i] * x[i] ** 2 + 0.1 * x[i] ** 4 + 0.3 * xp.sin(x[i]) for i in range(6))


def softmax(xp, w, b):
    """Regression on classes, the mean of -log p over the examples."""
    total = 0.0
    for n in range(EXAMPLES):
        features = [math.sin(2 * n + 3 * k + 1) for k in range(FEATURES)]
        logits = [dot(w[c], features) + b[c] for c in range(CLASSES)]
        total = total + xp.log(sum(xp.exp(z) for z in logits)) - logits[7 * n % CLASSES]
    return total / EXAMPLES


def twisted(xp, w, k):
    """A square matrix and a tensor of order 3, whose gradients have full rank along every axis. Not convex."""
    x = [w[i, j] for i in range(3) for j in range(3)]
    x += [k[i, j, l] for i in range(2) for j in range(2) for l in range(2)]
    own = sum(xp.sin((0.7 + 0.1 * i) * y) + 0.1 * y**2 + 0.02 * y**4 for i, y in enumerate(x))
    return own + 0.3 * sum(x[i] * xp.cos(x[i + 1]) for i in range(16))


def wave(i):
    return math.cos(1.7 * i * i + 0.3)


TWISTED_START = [
    [[wave(3 * i + j) for j in range(3)] for i in range(3)],
    [[[wave(9 + 4 * i + 2 * j + l) for l in range(2)] for j in range(2)] for i in range(2)],
]

FIT_EXAMPLES = 8


def residuals(xp, a, b):
    """Two hidden units and one output, next to targets."""
    out = []
    for n in range(FIT_EXAMPLES):
        x = math.sin(1.7 * n)
        z = sum(b[k] * xp.tanh(a[k, 0] * x + a[k, 1]) for k in range(2))
        out.append(z - math.cos(n))
    return out


def fit(xp, a, b):
    """Half the mean square of the residuals."""
    return 0.5 * sum(r**2 for r in residuals(xp, a, b)) / FIT_EXAMPLES


DECAY_TIMES = range(7)


def decay_residuals(xp, height, rate, floor):
    """A decaying exponential above a floor, next to values that are not quite on one."""
    return [height * xp.exp(-rate * t) + floor - 5 * 0.6**t - 0.3 * math.sin(5 * t) for t in DECAY_TIMES]


def decay(xp, height, rate, floor):
    """Half the mean square of the residuals."""
    return 0.5 * sum(r**2 for r in decay_residuals(xp, height, rate, floor)) / len(DECAY_TIMES)


SOFTMAX_START = [
    [[0.3 * math.cos(4 * c + k) for k in range(FEATURES)] for c in range(CLASSES)],
    [0.1, -0.2, 0.3],
]

FUNCTIONS = {
    "quadratic": (quadratic, [[1.0, -1.0, 2.0]]),
    "rosenbrock": (rosenbrock, [-1.2, 1.0]),
    "wavy": (wavy, WAVY_START),
    "softmax": (softmax, SOFTMAX_START),
    "separable": (separable, WAVY_START),
    "fit": (fit, WAVY_START),
    "twisted": (twisted, TWISTED_START),
    "decay": (decay, [1.0, 0.0, 0.0]),
}

NETWORK_EXAMPLES = 6
NETWORK_LABELS = [7 * n % 3 for n in range(NETWORK_EXAMPLES)]


def waves(shape, scale, shift):
    """Numbers that repeat no pattern, in the order of their places."""
    size = math.prod(shape)
    flat = [scale * math.sin((k + 1) * (k + 3.7) * 0.61 + shift) for k in range(size)]

    def nested(at, shape):
        if not shape:
            return flat[at]
        stride = math.prod(shape[1:])
        return [nested(at + i * stride, shape[1:]) for i in range(shape[0])]

    return nested(0, shape)


def network(inputs, weight, hidden, window):
    """Images with their labels and how windows move over them, and the parameters of two layers."""
    units = weight[0]
    start = [
        waves(weight, 0.5, 1),
        waves([units], 0.2, 2),
        waves([3, hidden], 0.5, 3),
        waves([3], 0.2, 4),
    ]
    return (waves([NETWORK_EXAMPLES, *inputs], 1, 5), NETWORK_LABELS, window), start


# A layer, tanh, and a dense layer on three classes: dense, or a convolution of stride [2, 1] and padding [1, 0].
NETWORKS = {
    "perceptron": network([4], [5, 4], 5, None),
    "convolution": network([2, 4, 4], [3, 2, 3, 2], 3 * 2 * 3, {"stride": [2, 1], "padding": [1, 0]}),
}

SMOOTH = ("quadratic", "rosenbrock", "wavy", "softmax")

# Rates for steps in units of the gradient, for steps whose elements are about the rate, for both (RAdam's first steps
# are in units of the gradient), and for steps that have no rate.
GRADIENT = {"quadratic": 0.05, "rosenbrock": 5e-4, "wavy": 0.05, "softmax": 0.2, "separable": 0.05, "fit": 0.05, "twisted": 0.05}
UNIT = {name: 0.02 for name in FUNCTIONS}
BOTH = {**UNIT, "rosenbrock": 5e-4}
ONE = {name: 1.0 for name in FUNCTIONS}


def flatten(value):
    return [x for part in value for x in flatten(part)] if isinstance(value, (list, tuple)) else [float(value)]


def case(walk, rates, functions=SMOOTH, steps=STEPS, table=FUNCTIONS):
    """Paths of one optimizer: walk(loss, start, rate, steps) gives the parameters after each step."""
    paths = {}
    for name in functions:
        loss, start = table[name]
        thetas = walk(loss, start, rates[name], max(steps))
        lines = [" ".join(repr(x) for x in flatten(thetas[k - 1])) for k in steps]
        paths[name] = {"rate": rates[name], "thetas": lines}
    return {"steps": list(steps), "paths": paths}


def dump(name, versions, cases):
    """Writes NAME.json beside this file; deno fmt then gives each vector its line."""
    path = pathlib.Path(__file__).with_name(name + ".json")
    path.write_text(json.dumps({"versions": versions, "cases": cases}))
