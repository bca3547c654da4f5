"""Where scipy's MINPACK ends, in double precision: python from_scipy.py writes scipy.json

Its paths are not ours (it bounds the step in place of giving the damping), its solutions are: every step of a path is the
solution.
"""

import numpy as np
import scipy
from functions import ONE, case, decay_residuals, dump
from scipy.optimize import least_squares


def solution(loss, start, rate, steps):
    found = least_squares(
        lambda theta: np.stack(decay_residuals(np, *theta)),
        np.array(start),
        method="lm",
        ftol=1e-15,
        xtol=1e-15,
        gtol=1e-15,
    )
    return [found.x.tolist()] * steps


CASES = {"levenbergMarquardt": case(solution, ONE, ("decay",), steps=(100,))}

dump("scipy", {"scipy": scipy.__version__}, CASES)
