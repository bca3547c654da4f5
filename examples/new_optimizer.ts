/** Says an optimizer that has no name, looks at it, keeps it as text and gets it back. */
import {
  chain,
  clamped,
  classify,
  clipByGlobalNorm,
  cosineDecay,
  curvature,
  decode,
  diagonal,
  ema,
  encode,
  explain,
  hessian,
  matrices,
  scale,
  weightDecay,
} from "@steepest/steepest";

const mine = chain(
  clipByGlobalNorm(1),
  curvature({
    calculating: hessian({ probes: 1 }),
    structure: diagonal(),
    iterative: ema({ decay: 0.99 }),
    length: clamped(0.04),
    direction: ema({ decay: 0.96 }),
    every: { sample: 10 },
  }),
  weightDecay(0.1, matrices()),
  scale(cosineDecay({ from: 3e-4, steps: 10_000, warmup: 500 })),
);

console.log(classify(mine));
console.log(explain(mine));

const text = encode(mine);
const back = decode(JSON.parse(text));
console.log(back._tag === "Right" && encode(back.right) === text ? "the same again" : "lost");

const wrong = decode({
  ...JSON.parse(text),
  of: [{ kind: "scale", by: "fast" }, { kind: "emma" }],
});
if (wrong._tag === "Left") { for (const { message } of wrong.left) console.log(message); }
