// Follows a start to its end: then the page leads to the session, or says why there is none.

import { end } from "./ending.js";
import { pending } from "./hub_api.js";
import { _ } from "./messages.js";
import { inLocalTime } from "./moments.js";

const AGAIN_MS = 2_000;
const LOOK_MS = 30_000;

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
    ? _("The session is asked for.")
    : message.replace(/^Spawn failed: /, "").replace(/^Server ready at .*/, _("The session is ready."));

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
  part("heading").textContent = _("Not started:");
  document.title = `${_("Not started")} · ${title}`;
  shown(part("again"), true);
  shown(part("cancel"), false);
  shown(notify, false);
  tell(_("Your session did not start"));
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

const said = new URL(progress, window.location.href);
said.searchParams.set("language", document.documentElement.lang);
const events = new EventSource(said);

// A hub that dies ends no stream: a proxy may keep it open for good. So the hub is asked as well.
const looking = setInterval(async () => {
  try {
    if ((await pending(user, server)) !== "spawn") {
      leave();
      reloadOnceThere();
    }
  } catch {
    // It is away; the next look tells.
  }
}, LOOK_MS);

const leave = () => {
  clearInterval(looking);
  events.close();
};

events.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  move(event);
  if (event.ready) {
    leave();
    tell(_("Your session is ready"));
    window.location.reload(); // the hub leads to the session
  } else if (event.failed) {
    leave();
    fail();
  }
};
events.onerror = () => {
  if (events.readyState === EventSource.CLOSED) {
    leave();
    // Not at once: should only the stream be broken, each new page would come to this again.
    setTimeout(reloadOnceThere, AGAIN_MS);
  }
};

part("cancel").disabled = false; // before this, a press would have done nothing
part("cancel").addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  cancelling = true;
  const problem = await end(user, server);
  if (problem) {
    button.disabled = false;
    cancelling = false;
    part("problem").textContent = _("It was not cancelled: %(problem)s. Try again.", { problem });
  } else {
    window.location.assign(choose);
  }
});

shown(notify, canAsk());
notify.addEventListener("click", async () => {
  await Notification.requestPermission();
  shown(notify, canAsk());
});
