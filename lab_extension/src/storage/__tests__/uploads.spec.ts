import { NotificationManager } from '@jupyterlab/apputils/lib/notification';
import { FileBrowserModel, IUploadModel } from '@jupyterlab/filebrowser';
import { Contents } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, test } from 'vitest';

import { followUploads } from '../uploads';

const MIB = 2 ** 20;

/** JupyterLab's model, as far as an upload goes: it ends when `end` is called. */
class Model {
  readonly uploadChanged = new Signal<this, { newValue: IUploadModel | null }>(
    this
  );
  path = 'data';
  uploaded: string[] = [];
  end: (error?: Error) => void = () => undefined;

  upload(file: File, folder = this.path): Promise<Contents.IModel> {
    this.uploaded.push(`${folder}/${file.name}`);
    return new Promise((resolve, reject) => {
      this.end = error =>
        error ? reject(error) : resolve({} as Contents.IModel);
    });
  }

  progress(part: number, path = 'data/a.zip'): void {
    const newValue = { path, progress: part };
    this.uploadChanged.emit({ newValue });
  }
}

let model: Model;
let manager: NotificationManager;
let asked: number[];

beforeEach(() => {
  model = new Model();
  manager = new NotificationManager();
  asked = [];
});

/** Follow uploads where so much is free, and the person answers so. */
function follow(free: number | null | Error, answer = true): void {
  followUploads({
    model: model as unknown as FileBrowserModel,
    room: () =>
      free instanceof Error ? Promise.reject(free) : Promise.resolve(free),
    goesOn: (_, room) => Promise.resolve(asked.push(room) > 0 && answer),
    manager,
    trans: nullTranslator.load('gpucommons')
  });
}

/** Begin an upload, and wait until JupyterLab has it. */
async function begin(size: number): Promise<{ done: Promise<unknown> }> {
  const file = { name: 'a.zip', size } as File;
  const done = model.upload(file);
  await expect.poll(() => model.uploaded).toEqual(['data/a.zip']);
  return { done };
}

function told(): string[] {
  return manager.notifications.map(({ message }) => message);
}

test('a large upload says how far it is until it is there', async () => {
  follow(1000 * MIB);
  const { done } = await begin(200 * MIB);
  model.progress(0);
  model.progress(0.255);
  expect(told()).toEqual(['Uploading a.zip: 51 MiB of 200 MiB']);
  expect(manager.notifications[0]?.options).toMatchObject({
    autoClose: false,
    progress: 0.255
  });
  model.end();
  await done;
  expect(told()).toEqual(['a.zip was uploaded: 200 MiB']);
  expect(manager.notifications[0]?.type).toBe('success');
  expect(asked).toEqual([]);
});

test('files of the same name each say how far they are', async () => {
  follow(10000 * MIB);
  const sizes = { data: 200 * MIB, other: 400 * MIB };
  for (const [folder, size] of Object.entries(sizes)) {
    void model.upload({ name: 'a.zip', size } as File, folder);
  }
  await expect.poll(() => model.uploaded).toHaveLength(2);
  model.progress(0.5, 'data/a.zip');
  model.progress(0.25, 'other/a.zip');
  expect(told().sort()).toEqual([
    'Uploading a.zip: 100 MiB of 200 MiB',
    'Uploading a.zip: 100 MiB of 400 MiB'
  ]);
});

test('of a small upload nothing is said', async () => {
  follow(0);
  const { done } = await begin(MIB);
  model.progress(0.5);
  model.end();
  await done;
  expect(told()).toEqual([]);
  expect(asked).toEqual([]);
});

test('an upload that fails leaves nothing behind, and fails', async () => {
  follow(1000 * MIB);
  const { done } = await begin(200 * MIB);
  model.progress(0.5);
  model.end(new Error('No space left'));
  await expect(done).rejects.toThrow('No space left');
  expect(told()).toEqual([]);
});

test('without room the person decides before anything is sent', async () => {
  follow(100 * MIB, false);
  const file = { name: 'a.zip', size: 200 * MIB } as File;
  await expect(model.upload(file)).rejects.toThrow('a.zip was not uploaded.');
  expect(asked).toEqual([100 * MIB]);
  expect(model.uploaded).toEqual([]);
});

test('with too little room it is uploaded if the person wants that', async () => {
  follow(100 * MIB, true);
  const { done } = await begin(200 * MIB);
  model.end();
  await done;
});

test.each([null, new Error('no answer')])(
  'nobody is asked where the room is not known (%s)',
  async free => {
    follow(free);
    const { done } = await begin(200 * MIB);
    model.end();
    await done;
    expect(asked).toEqual([]);
  }
);
