/** The catalogue once more, as loops over numbers from the papers' formulas. */

import { streamOf } from "../../src/nn/initial.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";
import { arenaOf } from "../../src/lowering/arena.ts";
import { blocks, factors, normAt, scaled } from "./_blocks.ts";
import type { Problem, Vector } from "./_functions.ts";

/** θ_{t+1} − θ_t from θ and t; state is in the closure. */
export type Step = (x: Vector, t: number) => number[];

/** Makes the step of one run. */
export type Naive = (p: Problem, rate: number) => Step;

const zeros = (p: Problem) => p.start.map(() => 0);
const dot = (a: Vector, b: Vector) => a.reduce((s, x, i) => s + x * b[i]!, 0);

/** Signs of the probe at `path` (seed 0), as its stream gives them. */
export function signs(path: string, step: number, n: number): number[] {
  const key = randomKey(0, streamOf(path), step);
  return Array.from({ length: n }, (_, i) => randomWord(key, i) < 2 ** 31 ? 1 : -1);
}

interface AdamLike {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly sample?: (g: Vector, m: Vector) => number[];
  readonly lambda?: (v: number[]) => number[];
  readonly direction?: (g: Vector, m: Vector, t: number) => number[];
}

function adamLike(options: AdamLike): (p: Problem) => (x: Vector, t: number) => number[] {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
  return (p) => {
    const m = zeros(p), v = zeros(p);
    return (x, t) => {
      const g = p.g(x);
      g.forEach((gi, i) => m[i] = beta1 * m[i]! + (1 - beta1) * gi);
      const s = options.sample?.(g, m) ?? g.map((gi) => gi * gi);
      s.forEach((si, i) => v[i] = beta2 * v[i]! + (1 - beta2) * si);
      const hat = v.map((vi) => vi / (1 - beta2 ** (t + 1)));
      const lambda = options.lambda?.(hat) ?? hat;
      const d = options.direction?.(g, m, t) ?? m.map((mi) => mi / (1 - beta1 ** (t + 1)));
      return d.map((di, i) => di / (Math.sqrt(lambda[i]!) + eps));
    };
  };
}

const entriesOf = (p: Problem) => arenaOf(p.objective.leaves, () => "").entries;

const times = (k: number, v: Vector) => v.map((x) => -k * x);

/** Schedule-free at a constant rate: x is the plain mean of the z, and θ lies between them. */
function scheduleFree(beta: number, direction: (p: Problem) => Step): Naive {
  return (p, rate) => {
    const u = direction(p);
    let z = [...p.start], x = [...p.start];
    return (y, t) => {
      const d = u(y, t);
      z = z.map((zi, i) => zi - rate * (d[i]! + 0.01 * y[i]!));
      x = x.map((xi, i) => xi + (z[i]! - xi) / (t + 1));
      return y.map((yi, i) => (1 - beta) * z[i]! + beta * x[i]! - yi);
    };
  };
}

export const NAIVE: Readonly<Record<string, Naive>> = {
  scheduleFreeSgd: scheduleFree(0.9, (p) => (x) => p.g(x)),
  scheduleFreeAdamw: scheduleFree(0.8, adamLike({ beta1: 0 })),
  sgd: (p, rate) => (x) => times(rate, p.g(x)),
  momentum: (p, rate) => {
    const v = zeros(p);
    return (x) => times(rate, p.g(x).map((g, i) => v[i] = 0.9 * v[i]! + g));
  },
  nesterov: (p, rate) => {
    const v = zeros(p);
    return (x) =>
      times(
        rate,
        p.g(x).map((g0, i) => {
          const g = g0 + 0.01 * x[i]!;
          v[i] = 0.9 * v[i]! + 0.7 * g;
          return g + 0.9 * v[i]!;
        }),
      );
  },
  nasgd: (p) => (x) => {
    const g = p.g(x);
    return times(Math.min(1, 0.7 * Math.max(0, p.f(x) + 10) / dot(g, g)), g);
  },
  normAdaptedAdam: (p) => {
    const adam = adamLike({})(p);
    return (x, t) => {
      const u = adam(x, t), slope = dot(p.g(x), u);
      const factor = slope > 0 ? Math.min(1, 0.1 * Math.max(0, p.f(x) + 10) / slope) : 0;
      return times(factor, u);
    };
  },
  adaptiveSgd: (p) => {
    const m = [...p.start], mg = zeros(p), beta = 0.9;
    const m2 = p.start.map((x) => x * x + 0.01), mg2 = p.start.map(() => 1);
    return (x) => {
      const g = p.g(x);
      return g.map((gi, i) => {
        const fold = (a: number, b: number) => beta * a + (1 - beta) * b;
        m[i] = fold(m[i]!, x[i]!);
        m2[i] = fold(m2[i]!, x[i]! ** 2);
        mg[i] = fold(mg[i]!, gi);
        mg2[i] = fold(mg2[i]!, gi * gi);
        return -0.1 * Math.sqrt((m2[i]! - m[i]! ** 2) / (mg2[i]! - mg[i]! ** 2)) * gi;
      });
    };
  },
  adaptiveSgdConfidence: (p) => {
    const m = [...p.start], mg = zeros(p), cross = zeros(p), beta = 0.9;
    const m2 = p.start.map((x) => x * x + 0.01), nu = p.start.map(() => 1);
    return (x) =>
      p.g(x).map((gi, i) => {
        const fold = (a: number, b: number) => beta * a + (1 - beta) * b;
        m[i] = fold(m[i]!, x[i]!);
        m2[i] = fold(m2[i]!, x[i]! ** 2);
        mg[i] = fold(mg[i]!, gi);
        cross[i] = fold(cross[i]!, gi * x[i]!);
        const variance = m2[i]! - m[i]! ** 2;
        // With E[gθ] starting at 0 and E[g] at 0 the covariance starts at 0, as printed.
        const slope = (cross[i]! - mg[i]! * m[i]!) / variance;
        nu[i] = fold(nu[i]!, (gi - mg[i]! - slope * (x[i]! - m[i]!)) ** 2);
        return -0.1 * gi / (Math.abs(slope) + 0.1 * Math.sqrt(nu[i]! / variance));
      });
  },
  signDescent: (p, rate) => {
    const m = zeros(p);
    return (x) => p.g(x).map((g, i) => -rate * Math.sign(m[i] = 0.8 * m[i]! + 0.2 * g));
  },
  normalizedDescent: (p, rate) => (x) => {
    const g = p.g(x), n = Math.sqrt(dot(g, g));
    return times(rate / n, g);
  },
  adam: (p, rate) => {
    const u = adamLike({})(p);
    return (x, t) => times(rate, u(x, t));
  },
  adamw: (p, rate) => {
    const u = adamLike({})(p);
    return (x, t) => u(x, t).map((ui, i) => -rate * (ui + 0.01 * x[i]!));
  },
  amsgrad: (p, rate) => {
    const top = zeros(p);
    const u = adamLike({ lambda: (v) => v.map((vi, i) => top[i] = Math.max(top[i]!, vi)) })(p);
    return (x, t) => times(rate, u(x, t));
  },
  adamax: (p, rate) => {
    const m = zeros(p), top = zeros(p);
    return (x, t) =>
      p.g(x).map((g, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * g;
        top[i] = Math.max(0.999 * top[i]!, Math.abs(g));
        return -rate * m[i]! / (1 - 0.9 ** (t + 1)) / (top[i]! + 1e-8);
      });
  },
  nadam: (p, rate) => {
    const u = adamLike({
      direction: (g, m, t) =>
        m.map((mi, i) => 0.9 * mi / (1 - 0.9 ** (t + 2)) + 0.1 * g[i]! / (1 - 0.9 ** (t + 1))),
    })(p);
    return (x, t) => times(rate, u(x, t));
  },
  radam: (p, rate) => {
    const m = zeros(p), v = zeros(p), beta1 = 0.9, beta2 = 0.99;
    return (x, t) => {
      const n = t + 1, limit = 2 / (1 - beta2) - 1;
      const rho = limit - 2 * n * beta2 ** n / (1 - beta2 ** n);
      return p.g(x).map((g, i) => {
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        const hat = m[i]! / (1 - beta1 ** n);
        if (rho <= 5) return -rate * hat;
        const r = Math.sqrt(
          (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho),
        );
        return -rate * r * hat / (Math.sqrt(v[i]! / (1 - beta2 ** n)) + 1e-8);
      });
    };
  },
  prodigy: (p, rate) => {
    const m = zeros(p), v = zeros(p), s = zeros(p), root = Math.sqrt(0.999);
    let r = 0, d = 1e-3;
    return (x, t) => {
      const g = p.g(x), gamma = rate * 0.5 ** (t / 40), now = d;
      r = root * r + (1 - root) * gamma * d * d * dot(g, p.start.map((xi, i) => xi - x[i]!));
      const step = g.map((gi, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * now * gi;
        v[i] = 0.999 * v[i]! + 0.001 * (now * gi) ** 2;
        s[i] = root * s[i]! + (1 - root) * gamma * now * now * gi;
        return -gamma * now * (m[i]! / (Math.sqrt(v[i]!) + now * 0.3) + 0.01 * x[i]!);
      });
      d = Math.max(d, Math.min(r / s.reduce((sum, si) => sum + Math.abs(si), 0), 1.5 * d));
      return step;
    };
  },
  polyak: (p) => (x) => {
    const g = p.g(x);
    return times(Math.min(0.01, 0.5 * Math.max(0, p.f(x) + 10) / dot(g, g)), g);
  },
  adadelta: (p) => {
    const v = zeros(p), a = zeros(p);
    return (x) =>
      p.g(x).map((g, i) => {
        v[i] = 0.9 * v[i]! + 0.1 * g * g;
        const d = Math.sqrt((a[i]! + 1e-6) / (v[i]! + 1e-6)) * g;
        a[i] = 0.9 * a[i]! + 0.1 * d * d;
        return -0.7 * d;
      });
  },
  adabelief: (p, rate) => {
    const m = zeros(p), s = zeros(p), eps = 1e-16;
    return (x, t) =>
      p.g(x).map((g, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * g;
        s[i] = 0.999 * s[i]! + 0.001 * (g - m[i]!) ** 2 + eps;
        const root = Math.sqrt(s[i]! / (1 - 0.999 ** (t + 1)));
        return -rate * m[i]! / (1 - 0.9 ** (t + 1)) / (root + eps);
      });
  },
  adan: (p, rate) => {
    const m = zeros(p), v = zeros(p), n = zeros(p);
    let previous: number[] | undefined;
    return (x) => {
      const g = p.g(x), before = previous ?? g;
      previous = g;
      return g.map((gi, i) => {
        const d = gi - before[i]!;
        m[i] = 0.98 * m[i]! + 0.02 * gi;
        v[i] = 0.92 * v[i]! + 0.08 * d;
        n[i] = 0.99 * n[i]! + 0.01 * (gi + 0.92 * d) ** 2;
        return -rate * (m[i]! + 0.92 * v[i]!) / (Math.sqrt(n[i]!) + 1e-8);
      });
    };
  },
  adagrad: (p, rate) => {
    const s = p.start.map(() => 0.1);
    return (x) =>
      p.g(x).map((g, i) => {
        s[i] = s[i]! + g * g;
        return -rate * g / (Math.sqrt(s[i]!) + 1e-10);
      });
  },
  rmspropNesterov: (p, rate) => {
    const s = zeros(p), b = zeros(p);
    return (x) =>
      p.g(x).map((g0, i) => {
        const g = g0 + 0.01 * x[i]!;
        s[i] = 0.9 * s[i]! + 0.1 * g * g;
        const u = g / (Math.sqrt(s[i]!) + 1e-8);
        b[i] = 0.5 * b[i]! + u;
        return -rate * (u + 0.5 * b[i]!);
      });
  },
  rmsprop: (p, rate) => {
    const s = zeros(p), m = zeros(p), b = zeros(p);
    return (x) =>
      p.g(x).map((g, i) => {
        s[i] = 0.9 * s[i]! + 0.1 * g * g;
        m[i] = 0.9 * m[i]! + 0.1 * g;
        b[i] = 0.5 * b[i]! + g / (Math.sqrt(s[i]! - m[i]! ** 2) + 1e-8);
        return -rate * b[i]!;
      });
  },
  adahessian: (p, rate) => {
    const m = zeros(p), s = zeros(p);
    return (x, t) => {
      const n = x.length, sample = zeros(p);
      for (const probe of [0, 1]) {
        const v = signs(`0/curvature/calculating/probe/${probe}`, t, n);
        p.hessianTimes(x, v).forEach((h, i) => sample[i] = sample[i]! + v[i]! * h / 2);
      }
      return p.g(x).map((g, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * g;
        s[i] = 0.999 * s[i]! + 0.001 * sample[i]! ** 2;
        const root = Math.sqrt(s[i]! / (1 - 0.999 ** (t + 1)));
        return -rate * m[i]! / (1 - 0.9 ** (t + 1)) / (root + 1e-4);
      });
    };
  },
  sophia: (p, rate) => {
    const m = zeros(p), h = zeros(p), rho = 0.04, eps = 1e-12;
    return (x, t) => {
      if (t % 3 === 0) {
        const v = signs("0/curvature/calculating/probe/0", t, x.length);
        p.hessianTimes(x, v).forEach((hi, i) => h[i] = 0.99 * h[i]! + 0.01 * v[i]! * hi);
      }
      return p.g(x).map((g, i) => {
        m[i] = 0.96 * m[i]! + 0.04 * g;
        const d = m[i]! / Math.max(rho * h[i]!, eps);
        return -rate * (Math.max(-1, Math.min(1, d)) + 0.01 * x[i]!);
      });
    };
  },
  lion: (p, rate) => {
    const m = zeros(p);
    return (x) =>
      p.g(x).map((g, i) => {
        const d = Math.sign(0.9 * m[i]! + 0.1 * g);
        m[i] = 0.99 * m[i]! + 0.01 * g;
        return -rate * (d + 0.01 * x[i]!);
      });
  },
  lars: (p, rate) => {
    const tensors = blocks("tensor", entriesOf(p)), v = zeros(p);
    return (x) => {
      const g = p.g(x);
      const local = scaled(g.map((gi, i) => gi + 5e-4 * x[i]!), tensors, (block) => {
        const own = normAt(x, block, "euclidean");
        return 1e-3 * own / (normAt(g, block, "euclidean") + 5e-4 * own);
      });
      return local.map((d, i) => -(v[i] = 0.9 * v[i]! + rate * d));
    };
  },
  lamb: (p, rate) => {
    const tensors = blocks("tensor", entriesOf(p)), adam = adamLike({ eps: 1e-6 })(p);
    return (x, t) => {
      const r = adam(x, t).map((d, i) => d + 0.01 * x[i]!);
      return scaled(
        r,
        tensors,
        (block) => -rate * normAt(x, block, "euclidean") / normAt(r, block, "euclidean"),
      );
    };
  },
  adafactor: (p, rate) => {
    const tensors = blocks("tensor", entriesOf(p)), f = factors(entriesOf(p));
    return (x, t) => {
      const g = p.g(x);
      const lambda = f.next(g.map((gi) => gi * gi + 1e-30), 1 - (t + 1) ** -0.8);
      const u = g.map((gi, i) => gi / Math.sqrt(lambda[i]!));
      return scaled(
        u,
        tensors,
        (block) =>
          -rate * Math.max(1e-3, normAt(x, block, "rms")) / Math.max(1, normAt(u, block, "rms")),
      );
    };
  },
  sam: (p, rate) => (x) => {
    const g = p.g(x), n = Math.sqrt(dot(g, g));
    return times(rate, p.g(x.map((xi, i) => xi + 0.05 * g[i]! / n)));
  },
};
