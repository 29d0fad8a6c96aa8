// Writes moments within pages, which come in UTC, as the reader's clock shows them.

const MOMENT = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g; // as gpucommons_contract/wording.py writes one

// The page's language, as the reader's browser writes its dates where it knows that language.
const { lang } = document.documentElement;
const locale = navigator.languages.find((each) => each.split("-")[0] === lang) ?? (lang || undefined);
// When the page was written, where it says so: which day is today.
const written = document.querySelector("main[data-now]")?.dataset.now;

export const inLocalTime = (text, now = written ? new Date(written) : new Date()) =>
  text.replace(MOMENT, (_, day, clock) => {
    const time = new Date(`${day}T${clock}Z`);
    const isToday = time.toDateString() === now.toDateString();
    const isThisYear = time.getFullYear() === now.getFullYear();
    return time.toLocaleString(locale, {
      hour: "numeric",
      minute: "2-digit",
      ...(isToday ? {} : { day: "numeric", month: "short" }),
      ...(isThisYear ? {} : { year: "numeric" }),
    });
  });

const rewrite = (root) => {
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const text = inLocalTime(node.data);
    const parent = node.parentElement;
    if (text !== node.data && !parent?.closest("script, style, textarea")) {
      if (parent?.localName === "time") {
        parent.title = node.data; // UTC, for who hovers over it
      }
      node.data = text;
    }
  }
};

rewrite(document.body);
new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    for (const node of addedNodes) {
      rewrite(node.nodeType === Node.TEXT_NODE ? target : node);
    }
  }
}).observe(document.body, { childList: true, subtree: true });
