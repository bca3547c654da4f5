"""Paths of kfac-jax, in double precision, with the labels of the data: python from_kfac_jax.py writes kfac_jax.json

In an environment of its own: requirements_kfac_jax.txt.
"""

import importlib.metadata

import jax
import jax.numpy as jnp
import kfac_jax
import numpy as np
from functions import NETWORKS, case, dump

jax.config.update("jax_enable_x64", True)


def convolved(x, w, stride, padding):
    """The layouts are those that kfac-jax reads: channels last, and weights with the units last."""
    pads = [(p, p) for p in padding]
    return jax.lax.conv_general_dilated(x, w, stride, pads, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def layers(x, w, b, v, c, window):
    """A dense or convolutional layer, tanh and a dense layer."""
    if window is None:
        h = jnp.tanh(x @ w + b)
    else:
        h = jnp.tanh(convolved(x, w, window["stride"], window["padding"]) + b).transpose(0, 3, 1, 2)
    return h.reshape(x.shape[0], -1) @ v + c


def units_last(w):
    return jnp.moveaxis(w, (2, 3, 1, 0), (0, 1, 2, 3)) if w.ndim == 4 else w.T


def units_first(w):
    return jnp.moveaxis(w, (0, 1, 2, 3), (2, 3, 1, 0)) if w.ndim == 4 else w.T


def walker(momentum, damping, norm_constraint, every, exact=False):
    def walk(network, start, rate, steps):
        images, labels, window = network
        x, y = jnp.asarray(images), jnp.asarray(labels)
        x = x if window is None else x.transpose(0, 2, 3, 1)

        def loss(parameters, batch):
            logits = layers(batch[0], *parameters, window)
            kfac_jax.register_softmax_cross_entropy_loss(logits, batch[1])
            chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), batch[1][:, None], axis=1)
            return -jnp.mean(chosen)

        optimizer = kfac_jax.Optimizer(
            jax.value_and_grad(loss),
            l2_reg=0.0,
            learning_rate_schedule=lambda _: rate,
            momentum_schedule=lambda _: momentum,
            damping_schedule=lambda _: damping,
            norm_constraint=norm_constraint,
            num_burnin_steps=0,
            estimation_mode="fisher_empirical",
            curvature_ema=0.95,
            inverse_update_period=every,
            use_exact_inverses=exact,
        )
        key = jax.random.PRNGKey(0)
        parameters = [units_last(jnp.asarray(p, dtype=jnp.float64)) for p in start]
        state, out = optimizer.init(parameters, key, (x, y)), []
        for _ in range(steps):
            parameters, state, _ = optimizer.step(parameters, state, key, batch=(x, y))
            out.append([np.asarray(units_first(p)).tolist() for p in parameters])
        return out

    return walk


FEW = (1, 2, 5, 10, 20)
RATES = {"perceptron": 0.1, "convolution": 0.1}


def path(*options):
    return case(walker(*options), RATES, functions=tuple(NETWORKS), steps=FEW, table=NETWORKS)


dump(
    "kfac_jax",
    {name: importlib.metadata.version(name) for name in ("kfac-jax", "jax", "numpy")},
    {
        "kfac": path(0.0, 0.01, None, 1),
        "kfacConstrained": path(0.9, 0.01, 0.001, 3),
        "kfacExact": path(0.5, 0.01, None, 2, True),
    },
)
