// Keeps the picker fresh while it is looked at, and narrows it to a team. It works without.

import { copyLink } from "./link.js";
import { _ } from "./messages.js";
import { follow } from "./stream.js";

const picker = document.getElementById("gpucommons-picker");
const start = document.getElementById("gpucommons-start");
const again = document.getElementById("gpucommons-resume-card");
const form = document.getElementById("spawn_form");

const part = (node, name) => node.querySelector(`[data-${name}]`);

const say = (node, text) => {
  if (node && node.textContent !== text) {
    node.textContent = text;
  }
};

const chosen = (name) => form.querySelector(`input[name="${name}"]:checked`);

const titleOf = (input) => input.labels[0].textContent.trim();

const begin = (state) => {
  const { terms } = state; // of the catalogue: they do not change while one looks
  const announcement = part(picker, "announcement");
  const sizeCards = new Map();
  for (const card of picker.querySelectorAll("[data-size]")) {
    sizeCards.set(card.dataset.size, { card, input: card.querySelector("input") });
  }
  const environmentCards = [];
  for (const card of picker.querySelectorAll("[data-environment-card]")) {
    const fields = card.querySelectorAll("input, select");
    environmentCards.push({ card, input: fields[0], fields, note: part(card, "note") });
  }

  const inTeam = () => state.teams.find(({ name }) => name === chosen("team")?.value);

  const show = ({ card, input }, reason) => {
    const wasOff = input.disabled;
    input.disabled = Boolean(reason);
    card.classList.toggle("gpucommons-off", input.disabled);
    say(part(card, "reason"), reason);
    if (input.checked && wasOff !== input.disabled) {
      const title = titleOf(input);
      announcement.textContent = reason
        ? _("%(title)s cannot be started now. %(reason)s", { title, reason })
        : _("%(title)s can be started now.", { title });
    }
  };

  const showSize = (size) => {
    const found = sizeCards.get(size.name);
    if (found) {
      show(found, size.reason ?? "");
      say(part(found.card, "room"), size.room);
      say(part(found.card, "note"), size.note);
      say(part(found.card, "gpu"), size.gpu);
      say(part(found.card, "budget"), size.budget);
    }
  };

  const showEnvironment = (found, reasons) => {
    const reason = reasons[found.input.value] || "";
    show(found, reason);
    found.fields.forEach((field) => (field.disabled = Boolean(reason)));
    found.note?.toggleAttribute("hidden", Boolean(inTeam()));
  };

  const showResume = () => {
    if (!again) {
      return;
    }
    const offers = state.teams.find(({ name }) => name === again.dataset.team) ?? state;
    const size = offers.sizes?.find(({ name }) => name === again.dataset.size);
    const reason = again.dataset.never || (size ? (size.reason ?? "") : null);
    if (reason !== null) {
      say(part(again, "reason"), reason);
      again.querySelectorAll("button").forEach((button) => (button.disabled = Boolean(reason)));
    }
  };

  const programs = [...form.querySelectorAll('[name="opens"]')];
  let preferred = chosen("opens")?.value; // also while another environment lacks it

  const showPrograms = () => {
    const environment = chosen("environment")?.closest("[data-environment-card]");
    const names = environment?.dataset.opens.split(" ") ?? [];
    for (const program of programs) {
      program.disabled = !names.includes(program.value);
      program.parentElement.hidden = program.disabled;
    }
    if (environment && (names.includes(preferred) || chosen("opens")?.disabled)) {
      const wanted = names.includes(preferred) ? preferred : environment.dataset.opensWith;
      programs.forEach((program) => (program.checked = program.value === wanted));
    }
  };

  const software = (environment) => {
    const card = environment.closest("[data-environment-card]");
    const version = card.querySelector("select")?.value ?? part(card, "version").textContent;
    const image = card.querySelector("input[type=text]")?.value;
    return image || `${titleOf(environment)} ${version}`;
  };

  const showStart = () => {
    const [environment, size] = [chosen("environment"), chosen("size")];
    const card = size?.closest("[data-size]");
    const [opens, team] = [chosen("opens"), chosen("team")];
    const found = { summary: [], facts: [], cost: "", terms: "" };
    if (environment && size) {
      found.summary = [software(environment), ...[size, opens, team].filter(Boolean).map(titleOf)];
      const took = state.starts[environment.value]?.[size.value];
      found.facts = [part(card, "gpu").textContent, card.dataset.longest, took].filter(Boolean);
      found.cost = part(card, "budget").textContent;
      found.terms = (terms[team?.value] ?? terms[""])?.[size.value] ?? "";
    }
    say(part(document, "summary"), found.summary.join(" · "));
    say(part(document, "facts"), found.facts.join(" · "));
    say(part(document, "cost"), found.cost);
    say(part(document, "terms"), found.terms);
  };

  const allowStart = () => {
    const names = ["environment", "size"];
    const startable = names.every((name) => chosen(name) && !chosen(name).disabled);
    const possible = names.every((name) => picker.querySelector(`[name="${name}"]:enabled`));
    start.disabled = !startable;
    part(picker, "nothing").hidden = possible;
    part(picker, "other").hidden = startable || !possible;
  };

  const showAll = () => {
    const team = inTeam();
    const offers = team ?? state;
    offers.sizes?.forEach(showSize);
    if (offers.holding) {
      say(part(picker, "holding"), offers.holding.join("\n"));
    }
    environmentCards.forEach((card) => showEnvironment(card, team?.environments ?? {}));
    showResume();
    showPrograms();
    showStart();
    allowStart();
  };

  form.addEventListener("change", (event) => {
    const environment = event.target.dataset.environment;
    if (environment) {
      document.getElementById(environment).checked = true;
    }
    if (event.target.name === "opens") {
      preferred = event.target.value;
    }
    showAll();
  });
  for (const each of [form, document.getElementById("gpucommons-resume")]) {
    // Afterwards: a button that is off would not be sent along.
    each.addEventListener("submit", () => setTimeout(() => lock(each)));
  }
  window.addEventListener("pageshow", () => {
    start.textContent = _("Start");
    showAll();
  });

  const url = new URL(picker.dataset.availability, window.location.href);
  url.searchParams.set("_xsrf", window.jhdata?.xsrf_token ?? "");
  url.searchParams.set("language", document.documentElement.lang);
  const signedOut = part(document, "signed-out");
  follow(
    url,
    (found) => {
      state = found;
      signedOut.hidden = true;
      showAll();
    },
    () => (signedOut.hidden = false),
  );
  copyLink(document.getElementById("gpucommons-copy"), chosen);
};

const lock = (sent) => {
  start.disabled = true;
  again?.querySelectorAll("button").forEach((button) => (button.disabled = true));
  if (sent === form) {
    start.textContent = _("Starting …");
  }
};

if (picker) {
  begin(JSON.parse(document.getElementById("gpucommons-state").textContent));
}
