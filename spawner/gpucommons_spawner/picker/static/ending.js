// Asks the hub to stop a server, or to forget one that is off.

import { request } from "./hub_api.js";
import { _ } from "./messages.js";

const pathOf = (user, server) =>
  `users/${encodeURIComponent(user)}/` +
  (server ? `servers/${encodeURIComponent(server)}` : "server");

const AGAIN_MS = 1_000;
const TRIES = 5;

// Returns what is in the way; nothing once the hub has taken it up. It is done only later.
export const end = async (user, server, body) => {
  try {
    for (let tries = 1; ; tries += 1) {
      const response = await request("DELETE", pathOf(user, server), body);
      if (response.ok || response.status === 404) {
        return "";
      }
      // JupyterHub gives a start a second to notice that it is cancelled, and fails if it takes more.
      if (response.status !== 500 || tries === TRIES) {
        return (await response.json()).message;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  } catch {
    return _("the hub cannot be reached");
  }
};
