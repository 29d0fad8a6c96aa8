// My sessions: stops and removes them, and shows what they become without a reload.

import { end } from "./ending.js";
import { _ } from "./messages.js";

const MOVING_MS = 1_000;
const STILL_MS = 20_000;

const sessions = document.getElementById("gpucommons-sessions");
const { user } = sessions.dataset;
let shown = null; // as the hub sent it; what is on the page has the reader's own clock

// Before the script is there, a press would do nothing, and say nothing.
const enable = (within) =>
  within
    .querySelectorAll("[data-stop], [data-remove]")
    .forEach((button) => (button.disabled = false));

const show = (fresh, title) => {
  const focused = sessions.contains(document.activeElement) ? document.activeElement.id : "";
  const typed = document.getElementById("gpucommons-new-name")?.value ?? "";
  const open = [...sessions.querySelectorAll("details[open]")].map(({ id }) => id);
  const chosen = [...sessions.querySelectorAll("select")].map(({ id, value }) => [id, value]);
  shown = fresh.innerHTML;
  enable(fresh);
  sessions.replaceChildren(...fresh.childNodes);
  document.title = title;
  const name = document.getElementById("gpucommons-new-name");
  if (name) {
    name.value = typed;
  }
  open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  for (const [id, value] of chosen) {
    const select = document.getElementById(id);
    if (select) {
      // Another size than the chosen one is nobody's choice.
      select.selectedIndex = [...select.options].findIndex(
        (size) => size.value === value && !size.disabled,
      );
    }
  }
  if (focused) {
    document.getElementById(focused)?.focus();
  }
};

const refresh = async () => {
  const response = await fetch(window.location.href, { cache: "no-store" });
  document.getElementById("gpucommons-signed-out").hidden = !response.redirected;
  if (response.redirected) {
    return false;
  }
  if (response.ok) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("gpucommons-sessions");
    if (fresh && fresh.innerHTML !== shown) {
      show(fresh, page.title);
    }
  }
  return true;
};

let timer = 0;
const follow = () => {
  clearTimeout(timer);
  const pause = sessions.querySelector("[data-moves]") ? MOVING_MS : STILL_MS;
  timer = setTimeout(look, pause);
};

const look = async () => {
  clearTimeout(timer);
  try {
    if (!(await refresh())) {
      return;
    }
  } catch {
    // The hub is away for a moment; the next look tells.
  }
  follow();
};

// Found anew each time: a look meanwhile may have put another card in the place of one.
const part = (server, name) =>
  [...sessions.querySelectorAll("[data-server]")]
    .find((card) => card.dataset.server === server)
    ?.querySelector(`[data-${name}]`);

const press = async (server, removes) => {
  document.getElementById(`card-${server}`)?.focus(); // the button goes, and would take it along
  part(server, "actions")?.classList.add("d-none");
  const problem = await end(user, server, removes ? { remove: true } : undefined);
  if (problem) {
    part(server, "actions")?.classList.remove("d-none");
    part(server, "problem")?.replaceChildren(
      removes
        ? _("It was not removed: %(problem)s. Try again.", { problem })
        : _("It was not stopped: %(problem)s. Try again.", { problem }),
    );
  }
  return !problem;
};

sessions.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-stop], [data-remove]");
  if (!button) {
    return;
  }
  const { server } = button.closest("[data-server]").dataset;
  const removes = "remove" in button.dataset;
  if (removes && !window.confirm(_("Remove %(server)s from this page? Files are kept.", { server }))) {
    return;
  }
  if (await press(server, removes)) {
    await look();
  }
});

enable(sessions);

sessions.addEventListener("submit", (event) => {
  if (event.submitter?.name === "resume") {
    // A second press would be refused. Afterwards: a button that is off would not be sent along.
    setTimeout(() => (event.submitter.disabled = true));
  }
  if (event.target.id !== "gpucommons-new") {
    return;
  }
  event.preventDefault();
  const name = document.getElementById("gpucommons-new-name").value;
  window.location.assign(event.target.dataset.choose + name);
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    look();
  }
});
// Whoever comes back to the page may press again.
window.addEventListener("pageshow", ({ persisted }) => {
  sessions.querySelectorAll('[name="resume"]').forEach((button) => (button.disabled = false));
  if (persisted) {
    look();
  }
});
follow();
