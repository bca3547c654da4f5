import { slowest, testCases, totals } from "../../tools/junit.ts";
import { assertEquals } from "../_assert.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="1.5">
  <testsuite name="tests/a_test.ts" tests="4" disabled="1" errors="0" failures="1">
    <testcase name="f() is a &lt;b&gt; when &quot;c&quot; &gt; 1" classname="./tests/a_test.ts" time="0.25" line="1" col="1">
    </testcase>
    <testcase name="g() > 1" classname="./tests/a_test.ts" time="1.25"/>
    <testcase name="h()" classname="./tests/a_test.ts" time="0.000">
      <skipped/>
    </testcase>
    <testcase name="i()" classname="./tests/a_test.ts" time="0.001">
      <failure message="AssertionError">the text</failure>
    </testcase>
  </testsuite>
</testsuites>`;

Deno.test("testCases() reads names, files, times and outcomes", () => {
  assertEquals(testCases(report).map((c) => [c.name, c.seconds, c.outcome]), [
    ['f() is a <b> when "c" > 1', 0.25, "passed"],
    ["g() > 1", 1.25, "passed"],
    ["h()", 0, "ignored"],
    ["i()", 0.001, "failed"],
  ]);
  assertEquals(testCases(report)[0]?.file, "./tests/a_test.ts");
});

Deno.test("testCases() finds nothing in an empty report", () => {
  assertEquals(testCases(""), []);
});

Deno.test("totals() and slowest() count and sort", () => {
  assertEquals(totals(testCases(report)), { passed: 2, failed: 1, ignored: 1 });
  assertEquals(slowest(testCases(report), 2).map((c) => c.name), [
    "g() > 1",
    'f() is a <b> when "c" > 1',
  ]);
});
