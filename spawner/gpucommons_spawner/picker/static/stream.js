// Follows what is free, as long as the page is looked at: one request, answered at each change.

const SHORTEST_MS = 1_000;
const LONGEST_MS = 20_000; // What is shown is that old at most once the hub is back.
const SILENT_MS = 90_000; // The hub says something every 25 s; a proxy may keep open what is dead.
const NO_ENTRY = [401, 403, 404];

const isMessage = (block) => block.startsWith("data: ");

// Whether the hub itself says so. A proxy whose hub is away may answer 404 to anything.
const isNoEntry = async (response) => {
  const said = NO_ENTRY.includes(response.status) ? await response.json() : {};
  return said.status === response.status;
};

// onState is called with each state, onNoEntry once the hub does not know the person any more.
export const follow = (url, onState, onNoEntry) => {
  let delay = SHORTEST_MS;
  let connection = null;
  let timer = 0;

  const read = async (body, heard) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      heard();
      delay = SHORTEST_MS;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks.filter(isMessage)) {
        onState(JSON.parse(block.slice("data: ".length)));
      }
    }
  };

  const connect = async (mine) => {
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => mine.abort(), SILENT_MS);
    };
    heard();
    try {
      const headers = { Accept: "text/event-stream" };
      const response = await fetch(url, { headers, signal: mine.signal, cache: "no-store" });
      if (await isNoEntry(response)) {
        onNoEntry();
        return false;
      }
      if (response.ok) {
        await read(response.body, heard);
      }
    } catch {
      // The hub is away for a moment; what is shown stays until the next try.
    } finally {
      clearTimeout(silence);
    }
    return true;
  };

  const open = async () => {
    if (document.hidden || connection) {
      return;
    }
    const mine = new AbortController();
    connection = mine;
    const again = await connect(mine);
    if (connection !== mine) {
      return;
    }
    connection = null;
    if (again) {
      timer = setTimeout(open, delay * (0.5 + Math.random()));
      delay = Math.min(2 * delay, LONGEST_MS);
    }
  };

  const close = () => {
    clearTimeout(timer);
    connection?.abort();
    connection = null;
  };

  const look = () => {
    close();
    delay = SHORTEST_MS;
    open();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : look()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && look());
  open();
};
