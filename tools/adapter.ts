/** Prints the WebGPU adapter that programs get here, or "none". */

if (import.meta.main) {
  const adapter = await navigator.gpu?.requestAdapter();
  console.log(adapter?.info.description || adapter?.info.vendor || (adapter ? "unnamed" : "none"));
}
