import { meter } from "../../src/training/progress.ts";
import { assertEquals } from "../_assert.ts";

Deno.test("meter() measures the recent past, without pauses", () => {
  let now = 0;
  const speed = meter(2, () => now);
  now = 1000;
  assertEquals(speed.at(10), 10);
  now = 2000;
  assertEquals(speed.at(20), 10);
  now = 4000;
  assertEquals(speed.at(80), 30, "what is older than the window has no weight");
  now = 60_000;
  speed.pause(80);
  assertEquals(speed.at(80), 30, "a pause changes nothing");
  now = 61_000;
  assertEquals(speed.at(85), 5);
});
