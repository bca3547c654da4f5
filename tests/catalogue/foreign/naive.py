"""Loops over numbers, from the papers' formulas, where no library has the algorithm: python naive.py writes naive.json

Gradients are jax's. Each function says which algorithm of which paper it transcribes.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from functions import FIT_EXAMPLES, ONE, SMOOTH, UNIT, case, dump, residuals

jax.config.update("jax_enable_x64", True)


def walker(make):
    """make(rate, theta0, shapes) gives step(theta, f, g) → the next theta, on the flat parameters."""

    def walk(loss, start, rate, steps):
        shapes = [np.shape(x) for x in start]
        sizes = [math.prod(s) for s in shapes]

        def parts(theta):
            ends = np.cumsum(sizes)
            return [theta[e - n : e].reshape(s) for e, n, s in zip(ends, sizes, shapes)]

        value = jax.jit(jax.value_and_grad(lambda theta: loss(jnp, *parts(theta))))
        theta = np.concatenate([np.ravel(x) for x in start]).astype(np.float64)
        step, out = make(rate, theta, shapes), []
        for _ in range(steps):
            f, g = value(theta)
            theta = step(theta, float(f), np.asarray(g))
            out.append([p.tolist() for p in parts(theta)])
        return out

    return walk


def adan(decay1, decay2, decay3, eps):
    """Xie et al. 2022, Algorithm 1 (without restart and decay), whose beta is one minus the decay here."""

    def make(rate, theta0, _):
        b1, b2, b3 = 1 - decay1, 1 - decay2, 1 - decay3
        m, v, n = (np.zeros_like(theta0) for _ in range(3))
        before = None

        def step(theta, f, g):
            nonlocal m, v, n, before
            change = np.zeros_like(g) if before is None else g - before
            m = (1 - b1) * m + b1 * g
            v = (1 - b2) * v + b2 * change
            n = (1 - b3) * n + b3 * (g + (1 - b2) * change) ** 2
            before = g
            return theta - rate / (np.sqrt(n) + eps) * (m + (1 - b2) * v)

        return step

    return make


def norm_adapted_adam(alpha, cap):
    """The step of norm-adapted-gradient-descent, Algorithm 1, along the direction of Kingma and Ba 2014."""

    def make(rate, theta0, _):
        m, v, t = np.zeros_like(theta0), np.zeros_like(theta0), 0

        def step(theta, f, g):
            nonlocal m, v, t
            t += 1
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            u = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
            slope = g @ u
            return theta - (min(cap, alpha * max(0.0, f) / slope) if slope > 0 else 0.0) * u

        return step

    return make


def adaptive_sgd(beta, sigma_theta, sigma_gradient):
    """online-parabola-momentum, Algorithm 8."""

    def make(rate, theta0, _):
        mean, mean_g = theta0.copy(), np.zeros_like(theta0)
        square = theta0**2 + sigma_theta**2
        square_g = np.full_like(theta0, sigma_gradient**2)

        def step(theta, f, g):
            nonlocal mean, mean_g, square, square_g
            mean = beta * mean + (1 - beta) * theta
            square = beta * square + (1 - beta) * theta**2
            mean_g = beta * mean_g + (1 - beta) * g
            square_g = beta * square_g + (1 - beta) * g**2
            return theta - rate * np.sqrt((square - mean**2) / (square_g - mean_g**2)) * g

        return step

    return make


def adaptive_sgd_confidence(beta, gamma, sigma_theta, sigma):
    """online-parabola-momentum, Algorithm 9."""

    def make(rate, theta0, _):
        mean, mean_g, cross = theta0.copy(), np.zeros_like(theta0), np.zeros_like(theta0)
        square = theta0**2 + sigma_theta**2
        noise = np.full_like(theta0, sigma**2)

        def step(theta, f, g):
            nonlocal mean, mean_g, cross, square, noise
            mean = beta * mean + (1 - beta) * theta
            square = beta * square + (1 - beta) * theta**2
            mean_g = beta * mean_g + (1 - beta) * g
            cross = beta * cross + (1 - beta) * g * theta
            variance = square - mean**2
            slope = (cross - mean_g * mean) / variance
            noise = beta * noise + (1 - beta) * (g - mean_g - slope * (theta - mean)) ** 2
            return theta - rate * g / (np.abs(slope) + gamma * np.sqrt(noise / variance))

        return step

    return make


class Averages:
    """online-parabola-momentum, Algorithm 2 and (2): plain averages along a direction, which start from 0.

    In extended precision, because differences of plain averages cancel.
    """

    def __init__(self):
        self.all = np.zeros(5, np.longdouble)

    def update(self, beta, theta, g, direction):
        x, y = np.longdouble(theta @ direction), np.longdouble(g @ direction)
        self.all = beta * self.all + (1 - np.longdouble(beta)) * np.array([x, y, x * y, x * x, 1])

    def step(self, alpha, epsilon, theta, g, direction, descend=None, last=False):
        """Algorithm 3: alpha * sign(slope) * C(p - theta), with its limit where the slope is 0.

        A rate to descend with in place of the reversed sign where the slope is negative; p of (2), or of (6).
        """
        x, y, xy, xx, s = self.all
        slope = (s * xy - x * y) / (s * xx - x * x) if s * xx > x * x else 0.0
        if slope == 0:
            return float(-alpha * epsilon * np.sign(g @ direction if last else y))
        if slope < 0 and descend is not None:
            return float(-descend * (g @ direction))
        away = -(g @ direction) / slope if last else (slope * x - y) / (s * slope) - theta @ direction
        return float(alpha * np.sign(slope) * np.sign(away) * min(abs(away), epsilon))

    def shift(self, by):
        """Algorithm 7, with the weight s that its printed form leaves out."""
        x, y, xy, xx, s = self.all
        self.all = np.array([x - s * by, y, xy - by * y, xx - 2 * by * x + s * by * by, s])


def online_parabola(variant, beta, momentum, epsilon, eta, m, descend=False, last=False):
    """online-parabola-momentum, Algorithms 1, 6 and 7 with 5 as their beginning; averages take theta before it moves."""

    def make(rate, theta0, _):
        v = np.zeros_like(theta0)
        direction, averages, t = None, Averages(), 0
        after = following = None
        centre = np.zeros_like(theta0)

        def unit():
            return v / np.linalg.norm(v)

        def step(theta, f, g):
            nonlocal v, direction, averages, t, after, following, centre
            t += 1
            if t <= 2 * m:
                v = momentum * v + g
                if t > m:
                    averages.update(beta, theta, g, direction)
                if t == m:
                    direction = unit()
                return theta - eta * v
            if variant == "safe" and (t - 2 * m - 1) % m == 0:
                if after is not None:
                    direction, averages = after, following
                after, following = unit(), Averages()
            if variant == "centred" and (t - 2 * m - 1) % m == 0:
                averages.shift(np.longdouble((theta - centre) @ direction))
                direction, centre = unit(), theta
            v = momentum * v + g
            averages.update(beta, theta - centre, g, direction)
            if variant == "safe":
                following.update(beta, theta, g, after)
            w = direction
            along = averages.step(rate, epsilon, theta - centre, g, w, eta if descend else None, last)
            moved = theta + along * w - eta * (g - (g @ w) * w)
            if variant == "basic":
                direction = unit()
            return moved

        return step

    return make


def components(sketch):
    """Q of the QR decomposition with a diagonal of R that is not negative; what depends on columns before it is 0."""
    columns = []
    for column in sketch.T:
        left = column - sum((c * (c @ column) for c in columns), np.zeros_like(column))
        left = left - sum((c * (c @ left) for c in columns), np.zeros_like(column))
        size = np.linalg.norm(left)
        kept = size > 1e-6 * np.linalg.norm(column)
        columns.append(left / size if kept else np.zeros_like(column))
    return np.stack(columns)


def fitted(variance, second):
    """The symmetric H of smallest squared residuals: H V + V H = C + C', by least squares on its d * d elements."""
    d = len(variance)
    both = np.kron(variance, np.eye(d)) + np.kron(np.eye(d), variance)
    return np.linalg.lstsq(both, np.ravel(second + second.T), rcond=d * 2.0**-23)[0].reshape(d, d)


def ratios(variance, second):
    """(14), with 0 where a root does not exist."""
    some = variance != 0
    return np.sqrt(np.maximum(np.where(some, second / np.where(some, variance, 1), 0), 0))


def online_paraboloid(rank, beta, decay, epsilon, eta, m, slopes=True, descend=False):
    """online-parabola-momentum, sections IV.C and V, with an online PCA by the power method.

    The covariances of numbers along the directions go from one basis to the next, the means are of whole vectors.
    """

    def make(rate, theta0, _):
        n, t = len(theta0), 0
        sketch, basis, turn = np.zeros((n, rank)), np.zeros((rank, n)), np.eye(rank)
        weight, mean, mean_g = 0.0, np.zeros(n), np.zeros(n)
        variance, second = np.zeros((rank, rank)), np.zeros((rank, rank))

        def step(theta, f, g):
            nonlocal t, sketch, basis, turn, weight, mean, mean_g, variance, second
            if t % m == 0:
                before, basis = basis, components(sketch)
                r = basis @ before.T
                variance, second = r @ variance @ r.T, r @ second @ r.T
                turn = np.linalg.eigh((fitted if slopes else ratios)(variance, second))[1]
            parts = basis @ g
            for j in range(rank):
                if not basis[j].any():
                    parts[j] = np.linalg.norm(g) if t % rank == j else 0
            sketch = decay * sketch + (1 - decay) * np.outer(g, parts)
            weight = beta * weight + (1 - beta)
            w = (1 - beta) / weight
            d, e = basis @ (theta - mean), basis @ (g - mean_g)
            mean, mean_g = mean + w * (theta - mean), mean_g + w * (g - mean_g)
            variance = (1 - w) * (variance + w * np.outer(d, d))
            second = (1 - w) * (second + w * np.outer(e, d if slopes else e))
            t += 1
            if t <= 2 * m:
                return theta - eta * g
            step = -eta * g
            for w in turn.T:
                direction = w @ basis
                spread, slope = w @ variance @ w, w @ second @ w
                slope = slope / spread if spread != 0 else 0
                slope = slope if slopes else math.sqrt(slope)
                if slope < 0 and descend:
                    continue
                own = direction @ (mean_g if slopes else g)
                # sign(slope)(p - x), with x = 0 at the mean.
                away = np.sign(slope) * (-own / slope - direction @ (theta - mean)) if slopes and slope else 0
                if not slopes and slope:
                    away = -own / slope
                if slope == 0:
                    away = -epsilon * np.sign(own)
                along = rate * np.sign(away) * min(abs(away), epsilon)
                step = step + (along + eta * (direction @ g)) * direction
            return theta + step

        return step

    return make


ALPHA = {name: 0.5 for name in ONE}
PLANE = ("quadratic", "rosenbrock", "wavy")
# How long a step may be and the rate off the direction.
PARABOLAS = {
    name: case(
        walker(online_parabola(variant, 0.7, 0.9, 0.02, 1e-4, 3)),
        ALPHA,
        steps=(1, 3, 4, 6, 7, 10, 13, 20, 40),
    )
    for name, variant in [("ogr1d", "basic"), ("ogr1ds", "safe"), ("ogr1dc", "centred")]
}
PARABOLAS["ogr1dLast"] = case(
    walker(online_parabola("basic", 0.7, 0.9, 0.02, 1e-4, 3, last=True)), ALPHA, PLANE, (7, 10, 20, 40)
)
PARABOLAS["ogr1dcDescend"] = case(
    walker(online_parabola("centred", 0.7, 0.9, 0.02, 1e-4, 3, descend=True)), ALPHA, PLANE, (7, 10, 20, 40)
)
# Directions, decay of the regression, of the components, how long a step may be, the rate off the directions, the turns.
TWO = (2, 0.7, 0.9, 0.02, 1e-4, 4)
PARABOLOIDS = {
    name: case(walker(make), ALPHA, functions, steps=(1, 4, 8, 9, 12, 13, 20, 40))
    for name, make, functions in [
        ("ogr", online_paraboloid(*TWO), SMOOTH),
        ("ogrEach", online_paraboloid(2, 0.9, 0.5, 0.05, 1e-3, 1), ("quadratic", "wavy")),
        ("ogrLine", online_paraboloid(1, *TWO[1:]), SMOOTH),
        ("ogrDescend", online_paraboloid(*TWO, descend=True), PLANE),
        ("ogrRatios", online_paraboloid(*TWO, slopes=False), PLANE),
    ]
}


@functools.cache
def parts_of(shapes):
    ends = np.cumsum([math.prod(s) for s in shapes])

    def parts(theta):
        return [theta[e - math.prod(s) : e].reshape(s) for e, s in zip(ends, shapes)]

    return parts


@functools.cache
def gradient_of(loss, parts):
    return jax.jit(jax.grad(lambda theta: loss(jnp, *parts(theta))))


@functools.cache
def hessian_of(loss, parts):
    return jax.jit(jax.hessian(lambda theta: loss(jnp, *parts(theta))))


def gauss_newton_of(loss, parts):
    """Of half a mean of squares; the Fisher matrix too where the labels are one off, up or down."""
    jacobian = jax.jit(jax.jacobian(lambda theta: jnp.stack(residuals(jnp, *parts(theta)))))

    def matrix(theta):
        j = np.asarray(jacobian(theta))
        return j.T @ j / FIT_EXAMPLES

    return matrix


def diagonal_of(matrix_of):
    """Of a matrix its diagonal alone."""

    def of(loss, parts):
        matrix = matrix_of(loss, parts)
        return lambda theta: np.diag(np.diag(np.asarray(matrix(theta))))

    return of


def in_eigenbasis(phi, matrix_of=hessian_of, eps=0.1):
    """unified-view-of-optimizers, section 1: phi(lambda, root, g) in the eigenbasis of |H| + eps.

    An eigenvalue that single precision cannot tell from 0 is 0; what has no positive root takes no step.
    """

    def walk(loss, start, rate, steps):
        parts = parts_of(tuple(np.shape(x) for x in start))
        gradient, matrix = gradient_of(loss, parts), matrix_of(loss, parts)
        theta, out = np.concatenate([np.ravel(x) for x in start]).astype(np.float64), []
        for _ in range(steps):
            values, q = np.linalg.eigh(np.asarray(matrix(theta)))
            values = np.where(
                np.abs(values) <= len(values) * 2.0**-23 * np.max(np.abs(values)), 0, values
            )
            values = np.abs(values) + eps
            kept = values > 0
            g = np.where(kept, q.T @ np.asarray(gradient(theta)), 0)
            theta = theta - rate * (q @ phi(np.where(kept, values, 1), g))
            out.append([p.tolist() for p in parts(theta)])
        return out

    return walk


def whole(values, g):
    return g / values


def normalized(values, g):
    return g / values / math.sqrt(np.sum(g**2 / values))


def gradient_norm(values, g):
    return g / np.sqrt(values)


def eigenbasis(values, g):
    return np.sign(g) / np.sqrt(values)


def clipped(limit):
    def phi(values, g):
        return min(1, limit / math.sqrt(np.sum(g**2 / values))) * g / values

    return phi


def gradient_norm_clipped(limit):
    def phi(values, g):
        return np.minimum(1, limit * np.sqrt(values)) * g / values

    return phi


def eigenbasis_clipped(limit):
    def phi(values, g):
        size = np.where(g == 0, 1, np.abs(g))
        return np.minimum(1, limit * np.sqrt(values) / size) * g / values

    return phi


HALF = {name: 0.5 for name in ONE}
FEW = (1, 2, 5, 10, 20)
SHORT = {"rates": {k: 0.1 for k in ONE}, "steps": FEW}


def shampoo(momentum, epsilon, every):
    """Gupta, Koren and Singer 2018, Algorithm 2, with roots every few steps and momentum after the preconditioner."""

    def make(rate, theta0, shapes):
        factors = [[epsilon * np.eye(n) for n in shape or (1,)] for shape in shapes]
        roots, velocity, t = [], np.zeros_like(theta0), 0

        def step(theta, f, g):
            nonlocal roots, velocity, t
            out, start = [], 0
            for own, shape in zip(factors, shapes):
                size = math.prod(shape)
                x = g[start : start + size].reshape(shape or (1,))
                start += size
                for axis in range(x.ndim):
                    others = [i for i in range(x.ndim) if i != axis]
                    own[axis] = own[axis] + np.tensordot(x, x, axes=(others, others))
                out.append(x)
            if t % every == 0:
                roots = [[inverse_root(m, 2 * len(own)) for m in own] for own in factors]
            t += 1
            steps = []
            for x, own in zip(out, roots):
                for axis, root in enumerate(own):
                    x = np.moveaxis(np.tensordot(root, x, axes=(1, axis)), 0, axis)
                steps.append(np.ravel(x))
            velocity = momentum * velocity + np.concatenate(steps)
            return theta - rate * velocity

        return step

    return make


def orthogonal(momentum, nesterov, rest_rate, beta1, beta2, eps):
    """Jordan et al. 2024 with the exact factor U V^T of matrices [first axis, all others], and Adam for the rest."""

    def make(rate, theta0, shapes):
        velocity, m, v, t = np.zeros_like(theta0), np.zeros_like(theta0), np.zeros_like(theta0), 0

        def step(theta, f, g):
            nonlocal velocity, m, v, t
            t += 1
            velocity = momentum * velocity + g
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
            adam = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
            seen = g + momentum * velocity if nesterov else velocity
            out, start = [], 0
            for shape in shapes:
                size = math.prod(shape)
                own = slice(start, start + size)
                start += size
                if len(shape) < 2:
                    out.append(rest_rate * adam[own])
                    continue
                u, s, vt = np.linalg.svd(seen[own].reshape(shape[0], -1), full_matrices=False)
                # Null directions have no sign.
                u = u * (s > 1e-10 * s[0])
                scale = math.sqrt(max(1, shape[0] ** 2 / size))
                out.append(rate * scale * np.ravel(u @ vt))
            return theta - np.concatenate(out)

        return step

    return make


def inverse_root(matrix, p):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values ** (-1 / p)) @ vectors.T


@functools.cache
def loss_of(loss, parts):
    return jax.jit(lambda theta: loss(jnp, *parts(theta)))


def nielsen(mu, nu, rho):
    """Nielsen 1999, (2.4)."""
    if rho > 0:
        return mu * max(1 / 3, 1 - (2 * rho - 1) ** 3), 2
    return mu * nu, 2 * nu


def thresholds(mu, nu, rho):
    """Martens 2010, section 4.1."""
    return mu * (3 / 2 if rho < 1 / 4 else 2 / 3 if rho > 3 / 4 else 1), nu


def damped(rule, direction_of, rejects, trials=0):
    """mu from the gain ratio, from rate on; direction_of() gives (matrix, mu, g) -> d; then no step, or Armijo's rule."""

    def walk(loss, start, rate, steps):
        parts = parts_of(tuple(np.shape(x) for x in start))
        value, gradient, matrix_of = loss_of(loss, parts), gradient_of(loss, parts), gauss_newton_of(loss, parts)
        theta, out = np.concatenate([np.ravel(x) for x in start]).astype(np.float64), []
        mu, nu, direction = rate, 2, direction_of()
        for _ in range(steps):
            f, g, matrix = float(value(theta)), np.asarray(gradient(theta)), matrix_of(theta)
            d = direction(matrix, mu, g)
            rho = (f - float(value(theta - d))) / (g @ d - d @ matrix @ d / 2)
            mu, nu = rule(mu, nu, rho)
            alpha = 0.0 if rejects and rho <= 0 else 1.0
            for _ in range(trials):
                if float(value(theta - alpha * d)) <= f - 1e-2 * alpha * (g @ d):
                    break
                alpha /= 2
            else:
                alpha = 0.0 if trials > 0 else alpha
            theta = theta - alpha * d
            out.append([p.tolist() for p in parts(theta)])
        return out

    return walk


def solved():
    """What single precision cannot tell from 0 is 0, as in in_eigenbasis."""

    def direction(matrix, mu, g):
        values, q = np.linalg.eigh(matrix)
        small = np.abs(values) <= len(values) * 2.0**-23 * np.max(np.abs(values))
        return q @ (q.T @ g / (np.where(small, 0, values) + mu))

    return direction


def conjugate_gradients(most, xi, progress):
    """Martens 2010, Algorithm 2 without a preconditioner, with the end of section 4.4 and the start of 4.5."""

    def make():
        last = 0.0

        def direction(matrix, mu, g):
            nonlocal last
            a = matrix + mu * np.eye(len(g))
            x = xi * last * np.ones_like(g)
            r = g - a @ x
            p, phis = r, [x @ a @ x / 2 - g @ x]
            for i in range(1, most + 1):
                alpha = (r @ r) / (p @ a @ p)
                x, new = x + alpha * p, r - alpha * (a @ p)
                p, r = new + (new @ new) / (r @ r) * p, new
                phis.append(x @ a @ x / 2 - g @ x)
                k = max(10, i // 10)
                if i > k and phis[i] < 0 and (phis[i] - phis[i - k]) / phis[i] < k * progress:
                    break
            last = x
            return x

        return direction

    return make


def secant_method(update, eps=0.0, initial=1.0, scaled=True):
    """Nocedal and Wright 2006, equations (6.19), (6.13) and (6.24) for B, a system at each step, (6.20) for the start.

    With eps the pairs are those of H + eps (BFGS, DFP), or |B| + eps is solved (SR1).
    """

    def make(rate, theta0, _):
        n = len(theta0)
        b, before, first = initial * np.eye(n), None, True

        def step(theta, f, g):
            nonlocal b, before, first
            if before is None:
                before = (theta, g)
                return theta - rate * min(1.0, 1 / np.abs(g).sum()) * g
            s, y = theta - before[0], g - before[1]
            before = (theta, g)
            if update == "sr1":
                v = y - b @ s
                if abs(v @ s) > 1e-8 * np.linalg.norm(v) * np.linalg.norm(s):
                    b = b + np.outer(v, v) / (v @ s)
                values, q = np.linalg.eigh(b)
                return theta - rate * (q @ ((q.T @ g) / (np.abs(values) + eps)))
            y = y + eps * s
            if s @ y > 1e-6 * np.linalg.norm(s) * np.linalg.norm(y):
                if first and scaled:
                    b, first = (y @ y) / (s @ y) * np.eye(n), False
                rho = 1 / (s @ y)
                if update == "bfgs":
                    b = b - np.outer(b @ s, b @ s) / (s @ b @ s) + rho * np.outer(y, y)
                else:
                    left = np.eye(n) - rho * np.outer(y, s)
                    b = left @ b @ left.T + rho * np.outer(y, y)
            return theta - rate * np.linalg.solve(b, g)

        return step

    return make


LEAST_SQUARES = {"fit": 0.1}

CASES = {
    **PARABOLAS,
    **PARABOLOIDS,
    "adan": case(walker(adan(0.98, 0.92, 0.99, 1e-8)), UNIT),
    "adanOther": case(walker(adan(0.9, 0.8, 0.95, 1e-4)), UNIT),
    "normAdaptedAdam": case(walker(norm_adapted_adam(0.3, 0.02)), ONE, steps=(1, 2, 5, 10, 20)),
    "adaptiveSgd": case(walker(adaptive_sgd(0.9, 0.1, 1.0)), {k: 0.1 for k in ONE}),
    "adaptiveSgdConfidence": case(
        walker(adaptive_sgd_confidence(0.9, 0.5, 0.1, 1.0)), {k: 0.1 for k in ONE}
    ),
    "newton": case(in_eigenbasis(whole), HALF, steps=FEW),
    "newtonExact": case(in_eigenbasis(whole, eps=0), ONE, ("quadratic", "rosenbrock"), steps=(1, 2, 5)),
    "newtonDiagonal": case(in_eigenbasis(whole), HALF, ("separable",), steps=FEW),
    "gaussNewton": case(in_eigenbasis(whole, gauss_newton_of), HALF, ("fit",), steps=FEW),
    "levenbergMarquardt": case(damped(nielsen, solved, True), LEAST_SQUARES, ("fit",), steps=FEW),
    "levenbergMarquardtShort": case(damped(nielsen, solved, True), {"fit": 1e-5}, ("fit",), steps=FEW),
    "levenbergMarquardtThresholds": case(damped(thresholds, solved, True), LEAST_SQUARES, ("fit",), steps=FEW),
    "hessianFree": case(
        damped(thresholds, conjugate_gradients(20, 0.95, 0.05), False, 8), LEAST_SQUARES, ("fit",), steps=FEW
    ),
    "hessianFreeFew": case(
        damped(thresholds, conjugate_gradients(3, 0.95, 5e-4), False, 8), {"fit": 1e-4}, ("fit",), steps=FEW
    ),
    "bfgs": case(walker(secant_method("bfgs")), HALF, steps=FEW),
    "bfgsShifted": case(walker(secant_method("bfgs", 0.1)), HALF, steps=FEW),
    "dfp": case(walker(secant_method("dfp")), HALF, steps=FEW),
    "sr1": case(walker(secant_method("sr1", 0.1)), HALF, steps=(1, 2, 5)),
    "naturalGradient": case(in_eigenbasis(whole, gauss_newton_of, 0.01), HALF, ("fit",), steps=FEW),
    "normalized": case(in_eigenbasis(normalized), functions=PLANE, **SHORT),
    "normalizedFisher": case(
        in_eigenbasis(normalized, gauss_newton_of), functions=("fit",), **SHORT
    ),
    "normalizedClipped": case(in_eigenbasis(clipped(0.5)), HALF, PLANE, steps=FEW),
    "gradientNorm": case(in_eigenbasis(gradient_norm), functions=PLANE, **SHORT),
    "gradientNormClipped": case(in_eigenbasis(gradient_norm_clipped(0.5)), HALF, PLANE, steps=FEW),
    "eigenbasis": case(in_eigenbasis(eigenbasis, eps=0), functions=("quadratic", "wavy"), **SHORT),
    "eigenbasisClipped": case(in_eigenbasis(eigenbasis_clipped(0.5), eps=0), HALF, ("quadratic", "wavy"), steps=FEW),
    "eigenbasisDiagonal": case(in_eigenbasis(eigenbasis, eps=0), functions=("separable",), **SHORT),
    "diagonalNatural": case(
        in_eigenbasis(whole, diagonal_of(gauss_newton_of)), HALF, ("fit",), steps=FEW
    ),
    "diagonalNormalized": case(in_eigenbasis(normalized), functions=("separable",), **SHORT),
    "diagonalGradientNorm": case(in_eigenbasis(gradient_norm), functions=("separable",), **SHORT),
    "diagonalClipped": case(
        in_eigenbasis(eigenbasis_clipped(0.5), eps=0.01), HALF, ("separable",), steps=FEW
    ),
    "shampoo": case(walker(shampoo(0.9, 0.1, 3)), UNIT),
    "shampooPlain": case(walker(shampoo(0.0, 0.3, 1)), UNIT),
    "muonExact": case(walker(orthogonal(0.9, True, 0.01, 0.8, 0.9, 1e-8)), UNIT, ("wavy", "softmax")),
    "muonHeavyBall": case(walker(orthogonal(0.8, False, 0.01, 0.8, 0.9, 1e-8)), UNIT, ("wavy", "softmax")),
}

dump("naive", {"numpy": np.__version__, "jax": jax.__version__}, CASES)
