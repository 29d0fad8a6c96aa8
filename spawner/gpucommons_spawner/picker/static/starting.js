// Follows a start to its end: then the page leads to the session, or says why there is none.

import { end } from "./ending.js";
import { inLocalTime } from "./moments.js";

const AGAIN_MS = 2_000;

const page = document.getElementById("gpucommons-starting");
const { user, server, title, progress, choose } = page.dataset;
const part = (name) => page.querySelector(`[data-${name}]`);
const bar = page.querySelector("[role=progressbar]");
const notify = part("notify");

const shown = (element, yes) => element.classList.toggle("d-none", !yes);

const canAsk = () => "Notification" in window && Notification.permission === "default";

const tell = (words) => {
  if (document.hidden && "Notification" in window && Notification.permission === "granted") {
    new Notification(words, { body: title, tag: `gpucommons-${server}` });
  }
};

const log = (words) => {
  const line = document.createElement("li");
  line.textContent = words;
  part("log").append(line);
};

// JupyterHub's own sentences, as the page has them.
const inOurWords = (message) =>
  message === "Server requested"
    ? "The session is asked for."
    : message.replace(/^Spawn failed: /, "").replace(/^Server ready at .*/, "The session is ready.");

const move = ({ progress: percent, message: said }) => {
  const message = said && inOurWords(said);
  if (percent !== undefined) {
    bar.style.width = `${percent}%`;
    bar.setAttribute("aria-valuenow", percent);
  }
  if (message) {
    part("message").textContent = message;
    log(message);
    document.title = `${inLocalTime(message)} · ${title}`;
  }
};

const fail = () => {
  bar.classList.add("bg-danger");
  part("heading").textContent = "Not started:";
  document.title = `Not started · ${title}`;
  shown(part("again"), true);
  shown(part("cancel"), false);
  shown(notify, false);
  tell("Your session did not start");
};

// Whether the hub itself answers, which says what became of the start, also that there is none: a
// failed one may be a 503. A hub whose database is away asks to be tried again.
const isOfHub = ({ headers }) =>
  headers.has("X-JupyterHub-Version") && !headers.has("Retry-After");

let cancelling = false; // then the page leads on by itself, and is not to be reloaded

// A hub that is restarted ends the stream; once it is back, it says where the start is.
const reloadOnceThere = async () => {
  try {
    const response = await fetch(window.location.href, { cache: "no-store" });
    if (!cancelling && (response.ok || isOfHub(response))) {
      window.location.reload();
      return;
    }
  } catch {
    // It is still away.
  }
  setTimeout(reloadOnceThere, AGAIN_MS);
};

const events = new EventSource(progress);
events.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  move(event);
  if (event.ready) {
    events.close();
    tell("Your session is ready");
    window.location.reload(); // the hub leads to the session
  } else if (event.failed) {
    events.close();
    fail();
  }
};
events.onerror = () => {
  if (events.readyState === EventSource.CLOSED) {
    // Not at once: should only the stream be broken, each new page would come to this again.
    setTimeout(reloadOnceThere, AGAIN_MS);
  }
};

part("cancel").addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  cancelling = true;
  const problem = await end(user, server);
  if (problem) {
    button.disabled = false;
    cancelling = false;
    part("problem").textContent = `It was not cancelled: ${problem}. Try again.`;
  } else {
    window.location.assign(choose);
  }
});

shown(notify, canAsk());
notify.addEventListener("click", async () => {
  await Notification.requestPermission();
  shown(notify, canAsk());
});
