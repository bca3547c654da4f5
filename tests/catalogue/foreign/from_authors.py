"""Paths of the authors' own packages, and of torch-optimizer, in double precision: python from_authors.py writes authors.json"""

import importlib.metadata

import muon
import prodigyopt
import pytorch_optimizer.optimizer.soap as soap_module
import schedulefree
import sophia_opt
import torch
import torch_optimizer
from functions import GRADIENT, ONE, UNIT, case, dump

torch.set_default_dtype(torch.float64)

DIAGONAL = ("separable",)


def muon_groups(parameters, rate):
    """Matrices and the rest; Adam there has a rate of its own."""
    matrices = [p for p in parameters if p.ndim >= 2]
    rest = [p for p in parameters if p.ndim < 2]
    return [
        dict(params=matrices, lr=rate, momentum=0.9, weight_decay=0.1, use_muon=True),
        dict(params=rest, lr=0.01, betas=(0.8, 0.9), eps=1e-8, weight_decay=0.1, use_muon=False),
    ]


# The package takes the orthogonal factor in bfloat16; everything here is in double precision.
torch.Tensor.bfloat16 = lambda self: self


def walker(make, before=None, after=None, second=False):
    """`before(t, optimizer, parameters)` sees the gradients; `after` gives what is kept in place of the parameters."""

    def walk(loss, start, rate, steps):
        parameters = [torch.tensor(x, requires_grad=True) for x in start]
        optimizer, out = make(parameters, rate), []
        for t in range(steps):
            optimizer.zero_grad()
            if before is not None:
                before(t, optimizer, parameters, loss)
            loss(torch, *parameters).backward(create_graph=second)
            optimizer.step()
            out.append(
                [x.tolist() for x in parameters] if after is None else after(optimizer, parameters)
            )
        return out

    return walk


def training(optimizer):
    optimizer.train()
    return optimizer


def evaluated(optimizer, parameters):
    optimizer.eval()
    out = [x.tolist() for x in parameters]
    optimizer.train()
    return out


EVERY = 3


def hessian_sample(t, optimizer, parameters, loss):
    """Gives SophiaG, which squares a gradient, the root of the diagonal that SophiaH samples."""
    if t % EVERY != 0:
        return
    value = loss(torch, *parameters)
    gradients = torch.autograd.grad(value, parameters, create_graph=True)
    for p, g in zip(parameters, gradients):
        (h,) = torch.autograd.grad(g.sum(), p, retain_graph=True)
        p.grad = h.sqrt()
    optimizer.update_hessian()
    optimizer.zero_grad()


class SophiaOfOne(sophia_opt.SophiaG):
    """A batch of one: the samples are those of the whole loss."""

    def step(self):
        return super().step(bs=1)



class Doubled:
    """torch, in which single precision is double: SOAP rounds a basis to single precision before its QR."""

    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


soap_module.torch = Doubled()

TENSORS = ("wavy", "twisted")

CASES = {
    "muon": case(
        walker(lambda p, r: muon.SingleDeviceMuonWithAuxAdam(muon_groups(p, r))), UNIT, ("wavy", "softmax")
    ),
    "soap": case(
        walker(
            lambda p, r: soap_module.SOAP(
                p, lr=r, betas=(0.9, 0.8), shampoo_beta=0.7, weight_decay=0.0, precondition_frequency=3
            )
        ),
        UNIT,
        TENSORS,
    ),
    "soapUncorrected": case(
        walker(
            lambda p, r: soap_module.SOAP(
                p,
                lr=r,
                betas=(0.8, 0.9),
                shampoo_beta=0.9,
                weight_decay=0.0,
                precondition_frequency=1,
                max_precondition_dim=2,
                correct_bias=False,
                eps=0.01,
            )
        ),
        UNIT,
        TENSORS,
    ),
    "prodigy": case(
        walker(lambda p, r: prodigyopt.Prodigy(p, lr=r, eps=1e-30, d0=1e-3, weight_decay=0.1)), ONE
    ),
    "prodigyBounded": case(
        walker(lambda p, r: prodigyopt.Prodigy(p, lr=r, eps=1e-30, d0=1e-2, beta3=0.9)), ONE, ("wavy", "softmax")
    ),
    "scheduleFreeSgd": case(
        walker(lambda p, r: training(schedulefree.SGDScheduleFree(p, lr=r))), GRADIENT
    ),
    "scheduleFreeSgdEvaluated": case(
        walker(
            lambda p, r: training(schedulefree.SGDScheduleFree(p, lr=r, momentum=0.7, weight_decay=0.1)),
            after=evaluated,
        ),
        GRADIENT,
    ),
    "scheduleFreeAdamw": case(
        walker(
            lambda p, r: training(
                schedulefree.AdamWScheduleFree(p, lr=r, weight_decay=0.1, warmup_steps=10, foreach=False)
            )
        ),
        UNIT,
    ),
    "sophia": case(
        walker(
            lambda p, r: SophiaOfOne(p, lr=r, betas=(0.9, 0.8), rho=0.5, weight_decay=0.1),
            before=hessian_sample,
        ),
        UNIT,
        DIAGONAL,
    ),
    "adahessian": case(
        walker(lambda p, r: torch_optimizer.Adahessian(p, lr=r, eps=1e-4, hessian_power=1.0), second=True), GRADIENT, DIAGONAL
    ),
    "adahessianOther": case(
        walker(
            lambda p, r: torch_optimizer.Adahessian(p, lr=r, betas=(0.8, 0.9), eps=0.1, hessian_power=1.0), second=True
        ),
        GRADIENT,
        DIAGONAL,
    ),
    "lars": case(
        walker(
            lambda p, r: torch_optimizer.LARS(
                p, lr=r, momentum=0.9, weight_decay=0.1, trust_coefficient=0.5, eps=0.0
            )
        ),
        UNIT,
    ),
}

PACKAGES = ("muon-optimizer", "prodigyopt", "pytorch_optimizer", "schedulefree", "sophia-opt", "torch-optimizer", "torch")
dump("authors", {name: importlib.metadata.version(name).split("+")[0] for name in PACKAGES}, CASES)
