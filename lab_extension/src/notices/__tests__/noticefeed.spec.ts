import { INotice, NOTICES_CHANGED } from '@gpucommons/session';
import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { NoticeFeed } from '../noticefeed';
import { notice } from '../../__tests__/notices';

/** A server whose answers the test gives, in the order that it likes. */
class Server {
  readonly list = (): Promise<readonly INotice[]> =>
    new Promise((resolve, reject) => this.questions.push({ resolve, reject }));

  tell(schema_id: string): void {
    this.events.emit({ schema_id });
  }

  async answer(question: number, ...ids: string[]): Promise<void> {
    this.questions[question]?.resolve(ids.map(id => notice({ id })));
    await vi.advanceTimersByTimeAsync(10);
  }

  async refuse(question: number): Promise<void> {
    this.questions[question]?.reject(new Error('not there'));
    await vi.advanceTimersByTimeAsync(10);
  }

  readonly events = new Signal<unknown, Event.Emission>({});
  readonly questions: {
    resolve: (notices: readonly INotice[]) => void;
    reject: (error: Error) => void;
  }[] = [];
}

let server: Server;
let feed: NoticeFeed;
let shown: string[][];

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  shown = [];
  feed = new NoticeFeed({
    list: server.list,
    events: server.events,
    show: notices => shown.push(notices.map(each => each.id))
  });
  await vi.advanceTimersByTimeAsync(10);
});

afterEach(() => {
  feed.dispose();
  vi.useRealTimers();
});

test('a page that opens asks once and shows what there is', async () => {
  expect(server.questions).toHaveLength(1);
  await server.answer(0, 'a', 'b');
  expect(shown).toEqual([['a', 'b']]);
});

test('a change is asked for at once', async () => {
  await server.answer(0);
  server.tell(NOTICES_CHANGED);
  await server.answer(1, 'a');
  expect(shown).toEqual([[], ['a']]);
});

test('events of others are not of interest', async () => {
  await server.answer(0);
  server.tell('https://events.jupyter.org/jupyter_server/contents_service/v1');
  expect(server.questions).toHaveLength(1);
});

test('an answer that a later question overtook is not shown', async () => {
  server.tell(NOTICES_CHANGED);
  await server.answer(1, 'new');
  await server.answer(0, 'old');
  expect(shown).toEqual([['new']]);
});

test('a missed event is made up for within a minute', async () => {
  await server.answer(0);
  await vi.advanceTimersByTimeAsync(60010);
  await server.answer(1, 'a');
  expect(shown).toEqual([[], ['a']]);
});

test('a server without notices is asked ever less often', async () => {
  for (let minute = 0; minute < 120; minute += 1) {
    await server.refuse(server.questions.length - 1);
    await vi.advanceTimersByTimeAsync(60000);
  }
  expect(shown).toEqual([]);
  expect(server.questions.length).toBeGreaterThan(10);
  expect(server.questions.length).toBeLessThan(40);
});

test('a question that fails after an event leaves what is shown', async () => {
  await server.answer(0, 'a');
  server.tell(NOTICES_CHANGED);
  await server.refuse(1);
  expect(shown).toEqual([['a']]);
});

test('a disposed feed asks and shows nothing more', async () => {
  feed.dispose();
  await server.answer(0, 'a');
  server.tell(NOTICES_CHANGED);
  await vi.advanceTimersByTimeAsync(600000);
  expect(server.questions).toHaveLength(1);
  expect(shown).toEqual([]);
});
