import { expect, test } from 'vitest';

import { eventData } from '../sse';

function stream(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      chunks.forEach(chunk => controller.enqueue(chunk));
      controller.close();
    }
  });
}

async function all(bytes: ReadableStream<Uint8Array>): Promise<string[]> {
  const found: string[] = [];
  for await (const data of eventData(bytes)) {
    found.push(data);
  }
  return found;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('events that share a chunk come one by one', async () => {
  expect(await all(stream(encode('data: a\n\ndata: b\n\n')))).toEqual([
    'a',
    'b'
  ]);
});

test('an event arrives whole wherever the network cuts it', async () => {
  const bytes = encode('data: {"name":"Größe"}\n\n');
  for (let cut = 1; cut < bytes.length; cut++) {
    const cutInTwo = stream(bytes.slice(0, cut), bytes.slice(cut));
    expect(await all(cutInTwo)).toEqual(['{"name":"Größe"}']);
  }
});

test('comments are not data', async () => {
  expect(await all(stream(encode(': still here\n\ndata: a\n\n')))).toEqual([
    'a'
  ]);
});

test('an event that never ended is not given', async () => {
  expect(await all(stream(encode('data: a\n\ndata: b')))).toEqual(['a']);
});
