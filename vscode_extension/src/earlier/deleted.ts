import type { IEarlierEntry } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import * as vscode from 'vscode';

import type { EarlierFiles } from './earlierfiles.ts';
import { encoded } from './earlierfiles.ts';
import type { Folders } from './folders.ts';
import { momentInName } from './moments.ts';
import type { Versions } from './versions.ts';

/** What restoring needs. */
export interface IRestoring {
  earlier: EarlierFiles;
  folders: Folders;
  versions: Versions;
}

/** Have a person choose among what a folder had and lacks now, and put that back. */
export async function restoreDeleted(
  folder: vscode.Uri,
  { earlier, folders, versions }: IRestoring
): Promise<void> {
  const path = encoded(folder.path);
  await choose(basename(folder.path), path, () => earlier.deleted(path));

  async function choose(
    name: string,
    path: string,
    list: () => Promise<readonly IEarlierEntry[]>,
    deleted?: IEarlierEntry
  ): Promise<void> {
    const entries = await versions.tried(
      l10n.t('Looking into snapshots'),
      list
    );
    if (!entries) {
      return;
    }
    if (!entries.length && !deleted) {
      void vscode.window.showInformationMessage(
        l10n.t('Snapshots have nothing of {0} that is not there now.', name)
      );
      return;
    }
    const items = entries.map(entry => item(entry, versions));
    const all: IItem = { label: `$(folder-opened) ${l10n.t('All of it')}` };
    const picked = await vscode.window.showQuickPick(
      deleted ? [all, ...items] : items,
      { title: l10n.t('Deleted from {0}', name), matchOnDescription: true }
    );
    if (picked === all && deleted) {
      await putFolderBack(deleted, path, folders, versions);
    } else if (picked?.entry) {
      await follow(picked.entry, `${path}/${picked.entry.name}`);
    }
  }

  async function follow(entry: IEarlierEntry, path: string): Promise<void> {
    const { snapshot, text } = entry;
    if (entry.kind === 'dir') {
      const list = async () =>
        (await earlier.folder(snapshot, path)).filter(comesBack);
      await choose(text, path, list, entry);
      return;
    }
    const done = await versions.tried(l10n.t('Putting {0} back', text), () =>
      earlier.putBack(snapshot, path, null)
    );
    if (done) {
      const file = folder.with({ path: done.path });
      await vscode.commands.executeCommand('vscode.open', file);
    }
  }
}

async function putFolderBack(
  { snapshot, text, time }: IEarlierEntry,
  path: string,
  folders: Folders,
  versions: Versions
): Promise<void> {
  const within = path.slice(encoded(homedir()).length + 1);
  const wish = { snapshot, path: within, words: momentInName(time) };
  const done = await versions.tried(
    l10n.t('Putting {0} back', text),
    (progress, token) =>
      folders.putBack(
        wish,
        increment => progress.report({ increment }),
        () => token.isCancellationRequested
      )
  );
  if (done?.state === 'failed') {
    void vscode.window.showErrorMessage(
      done.message ?? l10n.t('{0} was not put back. Try again later.', text)
    );
  }
}

function comesBack({ kind, present }: IEarlierEntry): boolean {
  return !present && (kind === 'file' || kind === 'dir');
}

/** A line to choose; without an entry it stands for the whole folder. */
interface IItem extends vscode.QuickPickItem {
  entry?: IEarlierEntry;
}

function item(entry: IEarlierEntry, versions: Versions): IItem {
  const { label, description } = versions.words(entry);
  return entry.kind === 'dir'
    ? { label: `$(folder) ${entry.text}`, description: label, entry }
    : {
        label: `$(file) ${entry.text}`,
        description: `${label} · ${description}`,
        entry
      };
}
