// Asks the hub, as the person whose page this is.

const hub = () => window.jhdata?.base_url ?? "/hub/";

export const request = (method, path, body) => {
  const url = new URL(`${hub()}api/${path}`, window.location.href);
  url.searchParams.set("_xsrf", window.jhdata?.xsrf_token ?? "");
  return fetch(url, {
    method,
    cache: "no-store",
    ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
};

// What is under way with a server: "spawn", "stop", or nothing. Throws while the hub does not say.
export const pending = async (user, server) => {
  const response = await request("GET", `users/${encodeURIComponent(user)}`);
  if (!response.ok) {
    throw new Error(`The hub answers ${response.status}.`);
  }
  const { servers } = await response.json();
  return servers[server]?.pending;
};
