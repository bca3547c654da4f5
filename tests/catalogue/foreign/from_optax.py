"""Paths of optax 0.2.8 in double precision: python from_optax.py writes optax.json"""

import jax
import jax.numpy as jnp
import optax
import optax.contrib
from functions import BOTH, GRADIENT, ONE, UNIT, case, dump

jax.config.update("jax_enable_x64", True)


def walker(make, evaluate=None):
    """Parameters after each step, or what `evaluate(state, parameters)` makes of them."""

    def walk(loss, start, rate, steps):
        parameters = [jnp.asarray(x, dtype=jnp.float64) for x in start]
        optimizer = make(rate)
        state = optimizer.init(parameters)

        def value(p):
            return loss(jnp, *p)

        @jax.jit
        def step(p, s):
            f, g = jax.value_and_grad(value)(p)
            extra = {"value": f} if isinstance(optimizer, optax.GradientTransformationExtraArgs) else {}
            updates, s = optimizer.update(g, s, p, **extra)
            return optax.apply_updates(p, updates), s

        out = []
        for _ in range(steps):
            parameters, state = step(parameters, state)
            seen = parameters if evaluate is None else evaluate(state, parameters)
            out.append([x.tolist() for x in seen])
        return out

    return walk


def lookahead_walk(loss, start, rate, steps):
    optimizer = optax.lookahead(optax.sgd(rate, momentum=0.5), sync_period=5, slow_step_size=0.3)
    first = [jnp.asarray(x, dtype=jnp.float64) for x in start]
    parameters = optax.LookaheadParams.init_synced(first)
    state = optimizer.init(parameters)
    out = []
    for _ in range(steps):
        g = jax.grad(lambda p: loss(jnp, *p))(parameters.fast)
        updates, state = optimizer.update(g, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        out.append([x.tolist() for x in parameters.fast])
    return out


def sam_walk(loss, start, rate, steps):
    optimizer = optax.contrib.sam(
        optax.sgd(rate, momentum=0.9),
        optax.chain(optax.contrib.normalize(), optax.sgd(0.05)),
        opaque_mode=True,
    )
    parameters = [jnp.asarray(x, dtype=jnp.float64) for x in start]
    gradient = jax.grad(lambda p: loss(jnp, *p))
    state, out = optimizer.init(parameters), []
    for _ in range(steps):
        g = gradient(parameters)
        updates, state = optimizer.update(g, state, parameters, grad_fn=lambda p, _: gradient(p))
        parameters = optax.apply_updates(parameters, updates)
        out.append([x.tolist() for x in parameters])
    return out


def scaled(*transforms):
    return lambda rate: optax.chain(*transforms, optax.scale(-rate))


# Paths of norm-adapted steps are chaotic: no two orders of summation agree for long.
SHORT = (1, 2, 5, 10)
BOUNDED = ("quadratic", "rosenbrock", "softmax")

CASES = {
    "sgd": case(walker(optax.sgd), GRADIENT),
    "momentum": case(walker(lambda r: optax.sgd(r, momentum=0.9)), GRADIENT),
    "nesterov": case(walker(lambda r: optax.sgd(r, momentum=0.9, nesterov=True)), GRADIENT),
    "sgdL2": case(
        walker(lambda r: optax.chain(optax.add_decayed_weights(0.1), optax.sgd(r, momentum=0.5))), GRADIENT
    ),
    "signDescent": case(walker(optax.sign_sgd), UNIT),
    "signMomentum": case(walker(scaled(optax.ema(0.8, debias=False), optax.scale_by_sign())), UNIT),
    "normalizedDescent": case(walker(scaled(optax.contrib.normalize())), UNIT),
    "adam": case(walker(optax.adam), UNIT),
    "adamOther": case(walker(lambda r: optax.adam(r, b1=0.8, b2=0.95, eps=1e-3)), UNIT),
    "adamw": case(walker(lambda r: optax.adamw(r, weight_decay=0.1)), UNIT),
    "amsgrad": case(walker(lambda r: optax.amsgrad(r, b2=0.9)), UNIT),
    "nadam": case(walker(optax.nadam), UNIT),
    "adabelief": case(walker(lambda r: optax.adabelief(r, b2=0.99)), UNIT),
    "radam": case(walker(optax.radam), BOTH),
    "radamYoung": case(walker(lambda r: optax.radam(r, b2=0.9, eps=1e-3)), BOTH),
    "adadelta": case(walker(lambda r: optax.adadelta(r, rho=0.9, eps=1e-4)), ONE),
    "lion": case(walker(lambda r: optax.lion(r, b2=0.98, weight_decay=0.1)), UNIT),
    "adagrad": case(
        walker(lambda r: optax.adagrad(r, initial_accumulator_value=0.1, eps=1e-7)),
        UNIT,
    ),
    "rmsprop": case(walker(lambda r: optax.rmsprop(r, decay=0.9, eps=1e-8, eps_in_sqrt=True)), UNIT),
    "rmspropCentred": case(
        walker(lambda r: optax.rmsprop(r, decay=0.9, eps=1e-3, centered=True, momentum=0.5)), UNIT
    ),
    "lars": case(
        walker(lambda r: optax.lars(r, weight_decay=0.0, trust_coefficient=1.0, momentum=0.5)), UNIT
    ),
    "larsSum": case(
        walker(lambda r: optax.lars(r, weight_decay=0.1, trust_coefficient=1.0, momentum=0.5)), UNIT
    ),
    "lamb": case(walker(lambda r: optax.lamb(r, weight_decay=0.1)), UNIT),
    "adafactor": case(
        walker(lambda r: optax.adafactor(r, min_dim_size_to_factor=2, multiply_by_parameter_scale=False)),
        UNIT,
        ("quadratic", "wavy", "rosenbrock"),
    ),
    "lbfgs": case(
        walker(lambda r: optax.lbfgs(r, memory_size=3, linesearch=None)),
        {k: 0.3 for k in ONE},
        ("quadratic", "softmax"),
        (1, 2, 5, 10, 20),
    ),
    "polyak": case(walker(lambda r: optax.polyak_sgd(0.3)), ONE, BOUNDED, SHORT),
    "nasgd": case(walker(lambda r: optax.polyak_sgd(0.5, scaling=2.0)), ONE, BOUNDED, SHORT),
    "clip": case(walker(lambda r: optax.chain(optax.clip_by_global_norm(0.3), optax.adam(r))), UNIT),
    "cosine": case(
        walker(lambda r: optax.sgd(optax.cosine_decay_schedule(r, 40), momentum=0.5)), GRADIENT
    ),
    "ema": case(walker(scaled(optax.ema(0.9, debias=True))), GRADIENT),
    "lookahead": case(lookahead_walk, GRADIENT),
    "sam": case(sam_walk, GRADIENT),
    "accumulate": case(
        walker(
            lambda r: optax.MultiSteps(
                optax.adam(r), every_k_schedule=3, accumulator_dtype=jnp.float64
            ).gradient_transformation()
        ),
        UNIT,
    ),
}

dump("optax", {"optax": optax.__version__, "jax": jax.__version__}, CASES)
