/** What the second paper says in formulas, in numbers: which hold, which hold otherwise than printed, which do not. */

let seed = 12345;
/** A number between 0 and 1 from a sequence that is the same everywhere. */
function uniform(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed + 0.5) / 2 ** 32;
}
const normal = (): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

/** s and the averages of θ, g, gθ, θ² and g² with decay β, from pairs of θ and g. */
function averages(pairs: readonly (readonly [number, number])[], beta: number): number[] {
  let all = [0, 0, 0, 0, 0, 0];
  for (const [x, y] of pairs) {
    all = [1, x, y, x * y, x * x, y * y].map((v, i) => beta * all[i]! + (1 - beta) * v);
  }
  return all;
}

/** λ of (2). */
function slope([s, x, y, xy, xx]: readonly number[]): number {
  return (s! * xy! - x! * y!) / (s! * xx! - x! * x!);
}

const show = (title: string, ...values: readonly (number | string)[]) =>
  console.log(
    `${title}: ${
      values.map((x) => typeof x === "number" ? Number(x.toPrecision(4)) : x).join(", ")
    }`,
  );

const noisy = Array.from({ length: 40 }, () => {
  const x = normal();
  return [x, 3 * (x - 0.7) + 0.2 * normal()] as const;
});
const seen = averages(noisy, 0.9), lambda = slope(seen);
const [s, x, y, xy, xx] = seen as [number, number, number, number, number];
show(
  "(2), how far the two forms of p are apart",
  Math.abs((lambda * x - y) / (s * lambda) - (xx * y - x * xy) / (x * y - s * xy)),
);

/** λ of gradient descent on ½·8θ², of pairs of the same point, or of θ after its step as Algorithm 5 is printed. */
function descended(eta: number, printed: boolean): number {
  const pairs: [number, number][] = [];
  for (let theta = 1, k = 0; k < 6; k++) {
    const g = 8 * theta, next = theta - eta * g;
    pairs.push([printed ? next : theta, g]);
    theta = next;
  }
  return slope(averages(pairs, 0.8));
}
for (const eta of [0.01, 0.05, 0.15]) {
  show(
    `Algorithm 5 at η = ${eta}, λ = 8`,
    `averages first ${descended(eta, false).toPrecision(4)}`,
    `as printed ${descended(eta, true).toPrecision(4)}`,
    `8/(1 − 8η) = ${(8 / (1 - 8 * eta)).toPrecision(4)}`,
  );
}

/** Averages after θ has become θ − d, with the weight s or, as Algorithm 7 is printed, with 1 in its place. */
function shifted(all: readonly number[], d: number, weight: number): number[] {
  const [s, x, y, xy, xx] = all as [number, number, number, number, number];
  return [s, x - weight * d, y, xy - d * y, xx - 2 * d * x + weight * d * d];
}
const young = averages(noisy.slice(0, 6), 0.9);
show(
  "Algorithm 7, λ before a shift, with the weight of the averages, and as printed",
  slope(young),
  slope(shifted(young, 2.5, young[0]!)),
  slope(shifted(young, 2.5, 1)),
);

for (const beta of [0.8, 0.9, 0.95]) {
  const slopes: number[] = [], spreads: number[] = [];
  for (let run = 0; run < 4000; run++) {
    const pairs = Array.from({ length: 150 }, () => [normal(), normal()] as const);
    const [s, x, , , xx] = averages(pairs, beta) as [number, number, number, number, number];
    slopes.push(slope(averages(pairs, beta)));
    spreads.push(xx / s - (x / s) ** 2);
  }
  const deviation = Math.sqrt(slopes.reduce((a, b) => a + b * b, 0) / slopes.length);
  const spread = spreads.reduce((a, b) => a + b, 0) / spreads.length;
  show(
    `(12) at β = ${beta}, σ_λ and the formula`,
    deviation,
    Math.sqrt((1 - beta) / (1 + beta) / spread),
  );
}

/** (14) between two coordinates of independent θ, of g = Hθ. */
function products(h: readonly (readonly number[])[], i: number, j: number): number {
  const all = Array.from({ length: 20000 }, () => h.map(() => normal()));
  const g = all.map((theta) => h.map((row) => row.reduce((t, a, k) => t + a * theta[k]!, 0)));
  const covariance = (v: number[][]) => v.reduce((t, a) => t + a[i]! * a[j]!, 0) / v.length;
  return covariance(g) / covariance(all);
}
const diagonal = [[1, 0], [0, 20]];
show("(14) of diag(1, 20): H_12 = 0, and the estimate", Math.sqrt(products(diagonal, 0, 1)));
const tilted = [[2, -1.5, 0.3], [-1.5, 3, 1], [0.3, 1, 1]];
const ratios = [[0, 1], [0, 2], [1, 2]].flatMap(([i, j]) =>
  Array.from({ length: 20 }, () => products(tilted, i!, j!))
);
show(
  "(14) of a full matrix: the share of elements without a root",
  ratios.filter((r) => r < 0).length / ratios.length,
);
