// Makes a token and shows it, once, and revokes tokens.

import { request } from "./hub_api.js";
import { _ } from "./messages.js";

const tokens = document.getElementById("gpucommons-tokens");
const form = document.getElementById("gpucommons-new-token");
const made = document.getElementById("gpucommons-token-made");
const problem = form.querySelector("[data-problem]");
const path = `users/${encodeURIComponent(tokens.dataset.user)}/tokens`;

const tell = (text) => {
  problem.textContent = text;
};

// The hub's answer as an object. Throws with what the hub says where it refuses.
const ask = async (...what) => {
  const response = await request(...what);
  const answer = await response.json().catch(() => ({})); // nothing, or what stands in for the hub
  if (!response.ok) {
    throw new Error(answer.message || _("The hub does not answer. Try again in a moment."));
  }
  return answer;
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("");
  made.hidden = true;
  const { note, expires_in, scopes } = Object.fromEntries(new FormData(form));
  const names = scopes.split(/[\s,]+/).filter(Boolean);
  try {
    const { token } = await ask("POST", path, {
      note,
      expires_in: Number(expires_in) || null,
      ...(names.length > 0 ? { scopes: names } : {}),
    });
    made.querySelector("[data-token]").textContent = token;
    made.hidden = false;
    form.reset();
  } catch (error) {
    tell(error.message);
  }
});

for (const button of tokens.querySelectorAll("[data-revoke]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask("DELETE", `${path}/${button.dataset.revoke}`);
      button.closest("tr").remove();
    } catch (error) {
      button.disabled = false;
      tell(error.message);
    }
  });
}
