import {
  IEarlierEntry,
  IEarlierFolder,
  IPuttingBack
} from '@gpucommons/session';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { EarlierCalls, IWish } from '../calls';
import { EarlierModel } from '../model';

const FIRST = { id: '1', time: 1000, files: 1, bytes: 1, complete: true };
const SECOND = { ...FIRST, id: '2', time: 2000 };
const SHARED = { ...FIRST, id: '3', time: 900 };
const LATEST = { ...FIRST, id: '4', time: 3000 };

function entry(changed: boolean): IEarlierEntry {
  const name = 'train.ipynb';
  const rest = { kind: 'file', size: 1, snapshot: '', time: 0, present: true };
  return { name, text: name, changed, ...rest };
}

/** A server whose newest snapshot has the file as it is now, and whose first has not. */
class Played {
  wishes: IWish[] = [];
  state: IPuttingBack['state'] = 'running';
  folders = new Map<string, Promise<IEarlierFolder>>();

  snapshots = async (path: string) =>
    path === 'team' ? [LATEST, SHARED] : [SECOND, FIRST];
  versions = async () =>
    [SECOND, FIRST].map(({ id, time }) => ({ snapshot: id, time, size: 1 }));
  folder = (snapshot: string, path: string) =>
    this.folders.get(path) ??
    Promise.resolve({ entries: [entry(snapshot === '1')], complete: true });
  restore = async (wish: IWish) => {
    this.wishes.push(wish);
    return this.restored();
  };
  restores = async () => [this.restored()];
  wish = async () => ({
    available: false,
    state: null,
    snapshot: '',
    reason: ''
  });

  restored(): IPuttingBack {
    const rest = { done: 0, size: null, target: null, kept: null };
    return { id: '7', path: 'p', state: this.state, message: null, ...rest };
  }
}

describe('Earlier files', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('open at the latest moment at which a file was another one', async () => {
    const model = new EarlierModel(new Played() as unknown as EarlierCalls);
    await model.openFile('work/train.ipynb');
    expect(model.snapshot?.id).toBe('1');
    expect(model.folder).toBe('work');
    expect(model.chosen?.changed).toBe(true);
    model.dispose();
  });

  it('show the folder that was asked for last, whatever comes first', async () => {
    const played = new Played();
    const model = new EarlierModel(played as unknown as EarlierCalls);
    await model.refresh();
    let come: (folder: IEarlierFolder) => void = () => {};
    played.folders.set('slow', new Promise(resolve => (come = resolve)));
    const slow = model.walk('slow');
    expect(model.entries).toBeNull(); // and not those of another folder
    await model.walk('');
    come({ entries: [], complete: true });
    await slow;
    expect(model.entries?.entries).toHaveLength(1);
    expect(model.isBusy).toBe(false);
    model.dispose();
  });

  it('are shown once they are there, whatever was asked for meanwhile', async () => {
    const model = new EarlierModel(new Played() as unknown as EarlierCalls);
    let shown = 0;
    model.changed.connect(() => {
      shown = model.entries?.entries.length ?? 0;
    });
    const slow = model.refresh();
    const quick = model.walk('');
    await Promise.all([quick, slow]);
    expect(shown).toBe(1);
    model.dispose();
  });

  it('are put back with the moment in their name, and looked at again then', async () => {
    const played = new Played();
    const model = new EarlierModel(played as unknown as EarlierCalls);
    await model.openFile('train.ipynb');
    const done = vi.fn();
    model.restores.done.connect(done);
    await model.putFileBack(false);
    const [wish] = played.wishes;
    expect(wish).toMatchObject({
      snapshot: '1',
      kind: 'file',
      in_place: false
    });
    expect(wish?.words).toMatch(/^\d+ Jan 1970 \d\d\.\d\d$/);
    played.state = 'done';
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(10000);
    expect(done).toHaveBeenCalledOnce();
    model.dispose();
  });

  it('of the team have moments of their own, near the one that was looked at', async () => {
    const played = new Played();
    const model = new EarlierModel(played as unknown as EarlierCalls, 'team');
    await model.refresh();
    expect([model.top, model.snapshot?.id]).toEqual(['', '2']);
    await model.walk('team/work'); // the newest, as before
    expect([model.top, model.snapshot?.id]).toEqual(['team', '4']);
    await model.walk('teams'); // another folder
    expect([model.top, model.snapshot?.id]).toEqual(['', '2']);
    await model.goTo('1');
    await model.walk('team'); // the newest that is not later
    expect([model.top, model.snapshot?.id]).toEqual(['team', '3']);
    await model.walk('');
    expect(model.snapshot?.id).toBe('1'); // there is no older one
    model.dispose();
  });

  it('of the team open where one of its files was another one', async () => {
    const played = new Played();
    played.versions = async () => [{ snapshot: '3', time: 900, size: 1 }];
    const model = new EarlierModel(played as unknown as EarlierCalls, 'team');
    await model.refresh();
    await model.openFile('team/train.ipynb');
    expect([model.top, model.snapshot?.id]).toEqual(['team', '3']);
    await model.goTo('4');
    expect(model.snapshot?.id).toBe('4');
    await model.putFolderBack('team', false);
    expect(played.wishes[0]).toMatchObject({ snapshot: '4', path: 'team' });
    model.dispose();
  });

  it('say what went wrong', async () => {
    const played = new Played();
    played.snapshots = () => Promise.reject(new Error('Try again later.'));
    const model = new EarlierModel(played as unknown as EarlierCalls);
    await model.refresh();
    expect(model.problem).toBe('Try again later.');
    model.dispose();
  });
});
