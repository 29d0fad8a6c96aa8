// The button that copies a link to what is chosen.

import { _ } from "./messages.js";

const address = (chosen) => {
  const url = new URL(`${window.jhdata?.base_url ?? "/hub/"}spawn`, window.location.href);
  for (const name of ["team", "environment", "size", "opens"]) {
    const input = chosen(name);
    if (input) {
      url.searchParams.set(`opt-${name}`, input.value);
    }
  }
  const card = chosen("environment")?.closest("[data-environment-card]");
  const image = card?.querySelector("input[type=text]")?.value;
  const version = card?.querySelector("select");
  if (image) {
    url.searchParams.set("opt-image", image);
  } else if (version && version.value !== version.dataset.default) {
    url.searchParams.set("opt-version", version.value);
  }
  return url.href;
};

// Browsers give the clipboard to pages with TLS only; elsewhere the link is shown, to be copied.
const showLink = (status, link) => {
  const field = document.createElement("input");
  Object.assign(field, { type: "text", readOnly: true, value: link });
  field.className = "form-control";
  field.setAttribute("aria-label", _("Link to this choice"));
  status.replaceChildren(field);
  field.select();
};

export const copyLink = (button, chosen) => {
  const status = document.getElementById("gpucommons-copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const link = address(chosen);
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = _("Copied. Whoever opens the link finds this choice made, and starts it.");
    } catch {
      showLink(status, link);
    }
  });
};
