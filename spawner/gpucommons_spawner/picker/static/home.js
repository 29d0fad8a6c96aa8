// A stop on the home page is a state: it is told until the session is gone.

import { request, stopped, WORDS } from "./stopping.js";

const user = window.jhdata?.user;

const rowOf = (server) =>
  [...document.querySelectorAll(".home-server-row[data-server-name]")].find(
    (row) => row.dataset.serverName === server,
  );

const placeOf = (server) =>
  server ? rowOf(server)?.lastElementChild : document.getElementById("start")?.parentElement;

const say = (place, text) => {
  const told = place.querySelector("[data-stopping]") ?? document.createElement("p");
  told.dataset.stopping = "";
  told.className = "mb-0";
  told.setAttribute("role", "status");
  place.append(told);
  told.textContent = text;
};

const offer = (place, shown) =>
  place
    .querySelectorAll("a, button")
    .forEach((button) => button.classList.toggle("d-none", !shown));

const wait = async (server, place) => {
  offer(place, false);
  say(place, WORDS);
  await stopped(user, server);
  window.location.reload();
};

const stop = async (server, place) => {
  offer(place, false);
  say(place, WORDS);
  const path = server ? `servers/${encodeURIComponent(server)}` : "server";
  let problem = "The hub cannot be reached";
  try {
    const response = await request("DELETE", `users/${encodeURIComponent(user)}/${path}`);
    if (response.ok) {
      await wait(server, place);
      return;
    }
    problem = (await response.json()).message;
  } catch {
    // It is told below.
  }
  offer(place, true);
  say(place, `It was not stopped: ${problem}. Try again.`);
};

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("#stop, .stop-server");
    if (button) {
      event.preventDefault();
      event.stopImmediatePropagation(); // JupyterHub's own way says too early that it is done
      const server = button.closest(".home-server-row")?.dataset.serverName ?? "";
      stop(server, placeOf(server));
    }
  },
  true,
);

for (const { dataset } of document.querySelectorAll("[data-stops]")) {
  const place = placeOf(dataset.stops);
  if (place) {
    wait(dataset.stops, place);
  }
}
