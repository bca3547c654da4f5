/** Momentum on a narrow bowl: reads and changes hyperparameters while a program runs; nothing is compiled for it. */
import {
  add,
  average,
  chain,
  compile,
  cosineDecay,
  getOrThrow,
  mul,
  objective,
  scale,
  square,
  trace,
} from "@steepest/steepest";

const bowl = objective({
  parameters: { x: 4, y: 4 },
  loss: ({ x, y }) => add(square(x), mul(10, square(y))),
});
const optimizer = chain(trace({ decay: 0.9 }), scale(0.01), average({ decay: 0.9 }));
using program = getOrThrow(
  await compile(bowl, optimizer, { backend: "js", telemetry: ["learningRate", "cosine"] })(),
);

program.step(50);
console.log("values:", await program.values());

// The rate becomes a schedule; its clock goes on counting from the first step.
getOrThrow(program.set({ "1/scale/by": cosineDecay({ from: 0.01, steps: 200 }) }));
program.step(150);

const refused = program.set({ "0/trace/decay": 1.5, "1/scale/rate": 0.1 });
if (refused._tag === "Left") {
  for (const { message } of refused.left.issues) console.log("refused:", message);
}

const { loss, learningRate, cosine } = await program.telemetry();
console.log("step    loss       η     cosine of g and u");
for (const step of [0, 25, 49, 50, 100, 199]) {
  const row = [
    loss[step]!.toExponential(2),
    learningRate[step]!.toFixed(5),
    cosine[step]!.toFixed(3),
  ];
  console.log([String(step).padStart(4), ...row].join("  "));
}
console.log("θ:", await program.parameters());
console.log("to be evaluated with:", await program.evaluationParameters());
