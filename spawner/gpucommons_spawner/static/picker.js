// Keeps the picker's sizes fresh while the page is looked at. The page works without it.
(() => {
  "use strict";

  const REFRESH_MS = 10_000;
  const picker = document.getElementById("gpucommons-picker");
  const start = document.getElementById("gpucommons-start");
  if (!picker || !start) {
    return;
  }
  const announcement = picker.querySelector("[data-announcement]");

  const checked = (name) => picker.querySelector(`input[name="${name}"]:checked:enabled`);

  const allowStart = () => {
    const startable = Boolean(checked("environment") && checked("size"));
    start.disabled = !startable;
    picker.querySelector("[data-nothing]")?.toggleAttribute("hidden", startable);
  };

  const showSize = (size) => {
    const item = picker.querySelector(`[data-size="${CSS.escape(size.name)}"]`);
    if (!item) {
      return;
    }
    const input = item.querySelector("input");
    const wasOff = input.disabled;
    input.disabled = !size.available;
    item.classList.toggle("gpucommons-off", !size.available);
    item.querySelector("[data-reason]").textContent = size.reason ?? "";
    item.querySelector("[data-room]").textContent = size.room;
    item.querySelector("[data-note]").textContent = size.note;
    if (input.checked && wasOff === size.available) {
      const title = item.querySelector("label").textContent;
      announcement.textContent = size.available
        ? `${title} is free now.`
        : `${title} is not free any more. ${size.reason}`;
    }
  };

  const refresh = async () => {
    if (document.hidden) {
      return;
    }
    const url = new URL(picker.dataset.availability, window.location.href);
    url.searchParams.set("_xsrf", window.jhdata?.xsrf_token ?? "");
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (response.ok) {
        const state = await response.json();
        state.sizes.forEach(showSize);
        picker.querySelector("[data-holding]").textContent = state.holding.join("\n");
        allowStart();
      }
    } catch {
      // The hub is away for a moment; what is shown stays until the next try.
    }
  };

  picker.addEventListener("change", (event) => {
    const environment = event.target.dataset.environment;
    if (environment) {
      document.getElementById(environment).checked = true;
    }
    allowStart();
  });
  document.getElementById("spawn_form").addEventListener("submit", () => {
    start.disabled = true;
    start.textContent = "Starting …";
  });
  window.addEventListener("pageshow", () => {
    start.textContent = "Start";
    allowStart();
  });
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, REFRESH_MS);
  refresh();
})();
