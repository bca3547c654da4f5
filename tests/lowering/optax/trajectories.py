"""Paths of optax's optimizers in double precision, for optax_test.ts.

pip install optax==0.2.8; python trajectories.py > trajectories.json
"""

import json

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_enable_x64", True)

C = jnp.array([0.7, 1.1, 1.5, 1.9, 2.3, 2.7])
START = jnp.array([0.5, -0.4, 0.3, 0.9, -1.1, 0.8])
STEPS = 50


def wavy(x):
    own = jnp.sum(jnp.sin(C * x) + 0.1 * x**2 + 0.02 * x**4)
    return own + 0.3 * jnp.sum(x[:-1] * jnp.cos(x[1:]))


OPTIMIZERS = {
    "sgd": optax.sgd(0.05),
    "momentum": optax.sgd(0.05, momentum=0.9),
    "nesterov": optax.sgd(0.05, momentum=0.9, nesterov=True),
    "adam": optax.adam(0.05),
    "adamw": optax.adamw(0.05, weight_decay=0.01),
    "amsgrad": optax.amsgrad(0.05),
    "nadam": optax.nadam(0.05),
    "adabelief": optax.adabelief(0.05, eps=1e-16, eps_root=1e-16),
    "adagrad": optax.adagrad(0.05, initial_accumulator_value=0.1, eps=1e-7),
    "rmsprop": optax.rmsprop(0.05, decay=0.9, eps=1e-8, eps_in_sqrt=True),
    "rmspropCentred": optax.rmsprop(0.05, decay=0.9, eps=1e-3, centered=True, momentum=0.5),
    "lion": optax.lion(0.05, weight_decay=0.01),
    "signDescent": optax.sign_sgd(0.05),
    "clip": optax.chain(optax.clip_by_global_norm(0.3), optax.adam(0.05)),
    "cosine": optax.sgd(optax.cosine_decay_schedule(0.1, 40), momentum=0.5),
    "ema": optax.chain(optax.ema(0.9, debias=True), optax.scale(-0.05)),
}


def path(optimizer):
    x, state, out = START, optimizer.init(START), []
    for _ in range(STEPS):
        updates, state = optimizer.update(jax.grad(wavy)(x), state, x)
        x = optax.apply_updates(x, updates)
        out.append(x.tolist())
    return [out[k - 1] for k in (1, 2, 10, STEPS)]


print(json.dumps({"optax": optax.__version__, "paths": {k: path(v) for k, v in OPTIMIZERS.items()}}, indent=1))
