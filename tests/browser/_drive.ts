/**
 * Runs the catalogue in a headless Chromium and prints the report as one line of JSON. A process of
 * its own, because a browser needs permissions that the tests do without.
 *
 * Arguments: the browser's path, and the bundled program of the page.
 */
import puppeteer from "puppeteer-core";

const [executablePath, script] = Deno.args;
if (executablePath === undefined || script === undefined) {
  throw new Error("a browser and a script");
}
const source = await Deno.readTextFile(script);
// WebGPU exists only where the context is secure, which an empty page is not and localhost is.
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  ({ url }) =>
    url.endsWith(".js")
      ? new Response(source, { headers: { "content-type": "text/javascript" } })
      : new Response(
        "<!doctype html><title>steps</title><script type=module src=page.js></script>",
        {
          headers: { "content-type": "text/html" },
        },
      ),
);
const browser = await puppeteer.launch({
  executablePath,
  // A container has no user namespaces for the sandbox; the page runs only what is served here.
  args: ["--no-sandbox", "--enable-unsafe-webgpu"],
  protocolTimeout: 600_000,
});
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.waitForFunction("globalThis.catalogueSteps !== undefined", { timeout: 60_000 });
  const report: unknown = await page.evaluate("globalThis.catalogueSteps()");
  console.log(JSON.stringify(report));
} finally {
  await browser.close();
  await server.shutdown();
}
