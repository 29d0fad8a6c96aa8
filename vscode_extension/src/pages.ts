/** Where a window can lead to, as the session's server says; null is a page that is not there. */
export interface IPages {
  lab: string;
  sessions: string | null;
  documentation: string | null;
}

/**
 * The address of a page for a browser; null where it cannot be known.
 *
 * The server knows paths, and not by which host the person came. `proxyAddress` does: VS Code
 * resolves its VSCODE_PROXY_URI in the browser before an extension sees it.
 */
export function addressOf(
  page: string,
  proxyAddress: string | undefined
): string | null {
  return URL.parse(page, proxyAddress)?.href ?? null;
}
