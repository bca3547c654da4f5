"""Paths of PyTorch 2.8.0 in double precision: python from_torch.py writes torch.json"""

import torch
from functions import BOTH, GRADIENT, ONE, UNIT, case, dump
from torch.optim.lbfgs import _strong_wolfe

torch.set_default_dtype(torch.float64)


def parameters_of(start):
    return [torch.tensor(x, requires_grad=True) for x in start]


def walker(make):
    def walk(loss, start, rate, steps):
        parameters = parameters_of(start)
        optimizer, out = make(parameters, rate), []
        for _ in range(steps):
            optimizer.zero_grad()
            loss(torch, *parameters).backward()
            optimizer.step()
            out.append([x.tolist() for x in parameters])
        return out

    return walk


def averaged(loss, start, rate, steps):
    holder = torch.nn.ParameterList(parameters_of(start))
    optimizer, out = torch.optim.SGD(holder.parameters(), lr=rate), []
    average = torch.optim.swa_utils.AveragedModel(holder)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(torch, *holder).backward()
        optimizer.step()
        average.update_parameters(holder)
        out.append([x.tolist() for x in average.module])
    return out


def searched(loss, start, rate, steps):
    """Steepest descent with the line search of LBFGS: rate is its first trial, shortened at the first step."""
    sizes = [torch.tensor(x).numel() for x in start]
    shapes = [torch.tensor(x).shape for x in start]

    def parts(theta):
        return [p.reshape(s) for p, s in zip(theta.split(sizes), shapes)]

    def value(theta):
        theta = theta.detach().requires_grad_()
        f = loss(torch, *parts(theta))
        return f.item(), torch.autograd.grad(f, theta)[0]

    theta, out = torch.cat([torch.tensor(x).reshape(-1) for x in start]), []
    for k in range(steps):
        f, g = value(theta)
        first = rate * (min(1.0, 1 / float(g.abs().sum())) if k == 0 else 1.0)
        _, _, alpha, _ = _strong_wolfe(
            lambda x, t, d: value(x + t * d), theta, first, -g, f, g, -g.dot(g)
        )
        theta = theta - alpha * g
        out.append([p.tolist() for p in parts(theta)])
    return out


def pairs(search=None):
    """One iteration of LBFGS a step; it keeps its pairs from one to the next."""

    def walk(loss, start, rate, steps):
        parameters = parameters_of(start)
        optimizer, out = torch.optim.LBFGS(
            parameters,
            lr=rate,
            max_iter=1,
            max_eval=1000,
            history_size=3,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn=search,
        ), []

        def closure():
            optimizer.zero_grad()
            value = loss(torch, *parameters)
            value.backward()
            return value

        for _ in range(steps):
            optimizer.step(closure)
            out.append([x.tolist() for x in parameters])
        return out

    return walk


optim = torch.optim

CASES = {
    "sgd": case(walker(lambda p, r: optim.SGD(p, lr=r)), GRADIENT),
    "nesterov": case(
        walker(lambda p, r: optim.SGD(p, lr=r, momentum=0.9, nesterov=True, weight_decay=0.1)), GRADIENT
    ),
    "momentum": case(walker(lambda p, r: optim.SGD(p, lr=r, momentum=0.8, weight_decay=0.1)), GRADIENT),
    "adam": case(walker(lambda p, r: optim.Adam(p, lr=r, betas=(0.8, 0.99), eps=1e-6)), UNIT),
    "adamL2": case(walker(lambda p, r: optim.Adam(p, lr=r, weight_decay=0.1)), UNIT),
    "adamw": case(walker(lambda p, r: optim.AdamW(p, lr=r, weight_decay=0.1)), UNIT),
    "adamax": case(walker(lambda p, r: optim.Adamax(p, lr=r, betas=(0.9, 0.9), eps=0)), UNIT),
    "radam": case(walker(lambda p, r: optim.RAdam(p, lr=r, betas=(0.9, 0.99), eps=0)), BOTH),
    "adagrad": case(walker(lambda p, r: optim.Adagrad(p, lr=r)), UNIT),
    "adagradInitial": case(
        walker(lambda p, r: optim.Adagrad(p, lr=r, initial_accumulator_value=0.3, eps=1e-4)), UNIT
    ),
    "adadelta": case(walker(lambda p, r: optim.Adadelta(p, lr=r, rho=0.8, eps=1e-4)), ONE),
    "rmsprop": case(walker(lambda p, r: optim.RMSprop(p, lr=r)), UNIT),
    "rmspropMomentum": case(
        walker(lambda p, r: optim.RMSprop(p, lr=r, alpha=0.9, eps=1e-4, momentum=0.5, weight_decay=0.1)), UNIT
    ),
    "rmspropCentred": case(
        walker(lambda p, r: optim.RMSprop(p, lr=r, alpha=0.9, eps=1e-3, centered=True)), UNIT
    ),
    "adafactor": case(walker(lambda p, r: optim.Adafactor(p, lr=r, eps=(1e-30, 1e-3))), UNIT),
    "strongWolfe": case(searched, ONE),
    "strongWolfeShort": case(searched, GRADIENT),
    "lbfgs": case(pairs(), {k: 0.3 for k in ONE}, steps=(1, 2, 5, 10, 20)),
    "lbfgsSearch": case(pairs("strong_wolfe"), ONE, steps=(1, 2, 5, 10)),
    "average": case(averaged, GRADIENT),
}

dump("torch", {"torch": torch.__version__.split("+")[0]}, CASES)
