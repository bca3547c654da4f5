/** Steps that are taken within the call do not keep the event loop waiting. */
import { breather, stepSoftly } from "../../src/training/pace.ts";
import { assert, assertEquals, assertGreater } from "../_assert.ts";

/** Counts steps of `milliseconds` each. */
function busy(milliseconds: number): { step: (n: number) => void; readonly calls: number[] } {
  const calls: number[] = [];
  return {
    calls,
    step: (n) => {
      calls.push(n);
      const end = performance.now() + n * milliseconds;
      while (performance.now() < end);
    },
  };
}

const total = (calls: readonly number[]) => calls.reduce((a, b) => a + b, 0);

Deno.test("stepSoftly() takes all steps, and lets a timer run before the last", async () => {
  const source = busy(5);
  let before = -1;
  const timer = new Promise<void>((done) =>
    setTimeout(() => {
      before = total(source.calls);
      done();
    }, 0)
  );
  await stepSoftly(source, 100, breather());
  await timer;
  assertEquals(total(source.calls), 100);
  assertGreater(before, 0);
  assert(before < 100, `${before} steps before the timer`);
});

Deno.test("stepSoftly() takes no more steps after the signal", async () => {
  const controller = new AbortController();
  const source = busy(5);
  setTimeout(() => controller.abort(), 0);
  await stepSoftly(source, 100, breather(), controller.signal);
  assert(total(source.calls) < 100, `${total(source.calls)} steps`);
  const none = busy(0);
  await stepSoftly(none, 100, breather(), controller.signal);
  assertEquals(none.calls, []);
});

Deno.test("stepSoftly() takes short steps many at a time", async () => {
  const source = busy(0);
  await stepSoftly(source, 1000, breather());
  assertEquals(total(source.calls), 1000);
  assert(source.calls.length < 10, source.calls.join());
});
