// Waits until sessions are stopped: the hub answers a stop before it is done.

import { pending } from "./hub_api.js";

const LOOK_MS = 1_000;

// Resolves once the session is over, however long that takes.
const stopped = async (user, server) => {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    try {
      if ((await pending(user, server)) !== "stop") {
        return;
      }
    } catch {
      // The hub is away for a moment; the next look tells.
    }
  }
};

const page = document.getElementById("gpucommons-stopping");
if (page) {
  const { user, server, next } = page.dataset;
  const after = new URL(next, window.location.href);
  const wanted = new URLSearchParams(window.location.search).get("next");
  if (wanted) {
    after.searchParams.set("next", wanted);
  }
  stopped(user, server).then(() => window.location.replace(after));
}
