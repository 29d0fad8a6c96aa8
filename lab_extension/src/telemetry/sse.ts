/**
 * The data of server-sent events in a stream of bytes.
 *
 * EventSource is not used: it cannot send the XSRF header that JupyterHub asks
 * of a request with cookies, and hides the status of a refused one.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* eventData(
  bytes: ReadableStream<Uint8Array>
): AsyncGenerator<string> {
  const reader = bytes.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const blocks = (rest + decoder.decode(value, { stream: true })).split(
        '\n\n'
      );
      rest = blocks.pop() ?? '';
      yield* blocks.map(dataOf).filter(data => data !== '');
    }
  } finally {
    reader.releaseLock();
  }
}

/** The data lines of one event; other fields and comments are left out. */
function dataOf(block: string): string {
  return block
    .split('\n')
    .filter(line => line.startsWith('data:'))
    .map(line => line.slice('data:'.length).trimStart())
    .join('\n');
}
