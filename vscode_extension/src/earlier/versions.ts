import { RefusedError } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import * as vscode from 'vscode';

import { bytes } from '../bytes.ts';
import type { EarlierFiles, Version } from './earlierfiles.ts';
import { encoded } from './earlierfiles.ts';
import { age, moment, momentInName } from './moments.ts';
import { versionUri } from './snapshotfiles.ts';

/** What is done; one that takes the second argument can be ended by the person. */
type Act<T> = (
  progress: vscode.Progress<{ increment: number }>,
  token: vscode.CancellationToken
) => Promise<T>;

/** Shows versions of files, and puts them back. */
export class Versions {
  /** `language` is what texts are in, such as `de`. */
  constructor(
    earlier: EarlierFiles,
    language: string,
    log: vscode.LogOutputChannel
  ) {
    this._earlier = earlier;
    this._language = language;
    this._log = log;
  }

  /** Have a person choose a version of a file, and show it. */
  async choose(file: vscode.Uri): Promise<void> {
    const found = await this.tried(l10n.t('Looking into snapshots'), () =>
      this._earlier.versions(encoded(file.path))
    );
    if (!found) {
      return;
    }
    const name = basename(file.path);
    if (!found.versions.length) {
      void vscode.window.showInformationMessage(
        l10n.t('No snapshot has {0} under this name in this folder.', name)
      );
      return;
    }
    const items = found.versions.map(version => ({
      ...this.words(version),
      version
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: l10n.t('Earlier versions of {0}', name),
      placeHolder: found.complete
        ? l10n.t('A version to compare with the file of now')
        : l10n.t('The newest versions; there are older snapshots')
    });
    if (picked) {
      await this.show(file, picked.version);
    }
  }

  /** Show a version beside the file of now, or alone where that is gone, and offer to put it back. */
  async show(file: vscode.Uri, version: Version): Promise<void> {
    const earlier = versionUri(file, version);
    const name = basename(file.path);
    const ago = age(version.time, Date.now() / 1000, this._language);
    if (await isThere(file)) {
      const title = l10n.t('{0}: {1} ↔ now', name, ago);
      await vscode.commands.executeCommand('vscode.diff', earlier, file, title);
    } else {
      await vscode.commands.executeCommand('vscode.open', earlier);
    }
    const beside = l10n.t('Put Back Beside');
    const inPlace = l10n.t('Put Back in Place');
    const pressed = await vscode.window.showInformationMessage(
      l10n.t('{0} as it was {1}.', name, ago),
      beside,
      inPlace
    );
    if (pressed === beside) {
      await this.putBeside(file, version);
    } else if (pressed === inPlace) {
      await this.putBack(file, version);
    }
  }

  /** Write a version into a new file beside the one that it is of, and open that. */
  async putBeside(file: vscode.Uri, version: Version): Promise<void> {
    const words = momentInName(version.time);
    const done = await this._putBack(file, version, words);
    if (done) {
      const made = file.with({ path: done.path });
      await vscode.commands.executeCommand('vscode.open', made);
    }
  }

  /** Put a version in its file's place; not while an editor has changes that are not saved. */
  async putBack(file: vscode.Uri, version: Version): Promise<void> {
    const name = basename(file.path);
    if (isUnsaved(file)) {
      void vscode.window.showErrorMessage(
        l10n.t(
          '{0} has changes that are not saved. Save or undo them, then put the version back.',
          name
        )
      );
      return;
    }
    const done = await this._putBack(file, version, null);
    if (done) {
      const ago = age(version.time, Date.now() / 1000, this._language);
      const kept = done.kept
        ? l10n.t('What was in it is in {0}.', basename(done.kept))
        : '';
      void vscode.window.showInformationMessage(
        `${l10n.t('{0} is as it was {1}.', name, ago)} ${kept}`.trim()
      );
    }
  }

  /** What a list says of a version: its age, its moment and its size. */
  words({ time, size }: Version): { label: string; description: string } {
    return {
      label: age(time, Date.now() / 1000, this._language),
      description: `${moment(time, this._language)} · ${bytes(size)}`
    };
  }

  /** Do something that takes a moment; tell the person if it cannot be done. */
  async tried<T>(title: string, act: Act<T>): Promise<T | undefined> {
    const location = vscode.ProgressLocation.Notification;
    const cancellable = act.length > 1;
    try {
      return await vscode.window.withProgress(
        { location, title, cancellable },
        act
      );
    } catch (error) {
      this._log.warn(`Earlier files: ${String(error)}`);
      const reason = error instanceof RefusedError ? error.reason : undefined;
      void vscode.window.showErrorMessage(
        reason ?? l10n.t('The session did not answer. Try again later.')
      );
      return undefined;
    }
  }

  private _putBack(
    file: vscode.Uri,
    { snapshot }: Version,
    words: string | null
  ) {
    return this.tried(l10n.t('Putting {0} back', basename(file.path)), () =>
      this._earlier.putBack(snapshot, encoded(file.path), words)
    );
  }

  private readonly _earlier: EarlierFiles;
  private readonly _language: string;
  private readonly _log: vscode.LogOutputChannel;
}

async function isThere(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}

function isUnsaved(file: vscode.Uri): boolean {
  const { textDocuments, notebookDocuments } = vscode.workspace;
  return [...textDocuments, ...notebookDocuments].some(
    each => each.isDirty && each.uri.path === file.path
  );
}
