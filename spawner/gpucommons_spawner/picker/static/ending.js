// Asks the hub to stop a server, or to forget one that is off.

const hub = () => window.jhdata?.base_url ?? "/hub/";

export const request = (method, path, body) => {
  const url = new URL(`${hub()}api/${path}`, window.location.href);
  url.searchParams.set("_xsrf", window.jhdata?.xsrf_token ?? "");
  return fetch(url, { method, cache: "no-store", body: body && JSON.stringify(body) });
};

const pathOf = (user, server) =>
  `users/${encodeURIComponent(user)}/` +
  (server ? `servers/${encodeURIComponent(server)}` : "server");

// Returns what is in the way; nothing once the hub has taken it up. It is done only later.
export const end = async (user, server, body) => {
  try {
    const response = await request("DELETE", pathOf(user, server), body);
    const isOver = response.ok || response.status === 404;
    return isOver ? "" : (await response.json()).message;
  } catch {
    return "the hub cannot be reached";
  }
};
