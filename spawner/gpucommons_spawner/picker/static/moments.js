// Writes moments within sentences, which come in UTC, as the reader's clock shows them.

const MOMENT = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g; // as gpucommons_contract/wording.py writes one

export const inLocalTime = (text, now = new Date()) =>
  text.replace(MOMENT, (_, day, clock) => {
    const time = new Date(`${day}T${clock}Z`);
    const isToday = time.toDateString() === now.toDateString();
    const isThisYear = time.getFullYear() === now.getFullYear();
    return time.toLocaleString(undefined, {
      hour: "numeric",
      minute: "2-digit",
      ...(isToday ? {} : { day: "numeric", month: "long" }),
      ...(isThisYear ? {} : { year: "numeric" }),
    });
  });

const rewrite = (root) => {
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const text = inLocalTime(node.data);
    if (text !== node.data && !node.parentElement?.closest("script, style, textarea")) {
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
