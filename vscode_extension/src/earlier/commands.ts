import { SessionVariable } from '@gpucommons/session';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';

import type { Server } from '../server.ts';
import type { IRestoring } from './deleted.ts';
import { restoreDeleted } from './deleted.ts';
import type { Version } from './earlierfiles.ts';
import { EarlierFiles } from './earlierfiles.ts';
import { Folders } from './folders.ts';
import { SCHEME, SnapshotFiles, versionAt } from './snapshotfiles.ts';
import { Versions } from './versions.ts';
import { VersionItem, versionTimeline } from './versiontimeline.ts';

/**
 * Add earlier versions of files: to the timeline, as commands, and as files to read.
 *
 * The commands are there also where the installation has no snapshots, and say so.
 */
export function earlierFiles(
  server: Server,
  language: string,
  log: vscode.LogOutputChannel
): vscode.Disposable[] {
  const earlier = new EarlierFiles(server);
  const versions = new Versions(earlier, language, log);
  const isOffered = Boolean(process.env[SessionVariable.FILES_URL]);
  void vscode.commands.executeCommand(
    'setContext',
    'gpucommons.earlier',
    isOffered
  );
  const files = new SnapshotFiles(earlier);
  return [
    ...commands({ earlier, folders: new Folders(server), versions }),
    vscode.workspace.registerFileSystemProvider(SCHEME, files, {
      isReadonly: true,
      isCaseSensitive: true
    }),
    vscode.window.tabGroups.onDidChangeTabs(markShown),
    vscode.window.tabGroups.onDidChangeTabGroups(markShown),
    ...(isOffered ? [versionTimeline(earlier, language, log)] : [])
  ];
}

function commands(restoring: IRestoring): vscode.Disposable[] {
  const { versions } = restoring;
  const act = async (
    given: unknown,
    file: vscode.Uri | undefined,
    put: (file: vscode.Uri, version: Version) => Promise<void>
  ) => {
    const which =
      given instanceof VersionItem && file
        ? { file, version: given.version }
        : shownVersion();
    if (which) {
      await put(which.file, which.version);
    }
  };
  const { registerCommand } = vscode.commands;
  return [
    registerCommand('gpucommons.earlierVersions', async (uri?: vscode.Uri) => {
      const file = uri ?? frontFile();
      if (file) {
        await versions.choose(file);
      }
    }),
    registerCommand('gpucommons.restoreDeleted', async (uri?: vscode.Uri) => {
      await restoreDeleted(uri ?? frontFolder(), restoring);
    }),
    registerCommand(
      'gpucommons.openVersion',
      (file: vscode.Uri, version: Version) => versions.show(file, version)
    ),
    registerCommand('gpucommons.putBeside', (given?, file?: vscode.Uri) =>
      act(given, file, (...which) => versions.putBeside(...which))
    ),
    registerCommand('gpucommons.putBack', (given?, file?: vscode.Uri) =>
      act(given, file, (...which) => versions.putBack(...which))
    )
  ];
}

/** Tell VS Code whether a version is in front, for the buttons of its tab. */
function markShown(): void {
  void vscode.commands.executeCommand(
    'setContext',
    'gpucommons.versionShown',
    shownVersion() !== undefined
  );
}

/** The version in the tab in front, and the file that it is of. */
function shownVersion(): { file: vscode.Uri; version: Version } | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const earlier = isDifference(input) ? input.original : addressOf(input);
  return earlier?.scheme === SCHEME
    ? { file: vscode.Uri.file(earlier.path), version: versionAt(earlier) }
    : undefined;
}

function isDifference(
  input: unknown
): input is vscode.TabInputTextDiff | vscode.TabInputNotebookDiff {
  return (
    input instanceof vscode.TabInputTextDiff ||
    input instanceof vscode.TabInputNotebookDiff
  );
}

/** The address of what a tab shows. */
function addressOf(input: unknown): vscode.Uri | undefined {
  return input instanceof vscode.TabInputText ||
    input instanceof vscode.TabInputNotebook ||
    input instanceof vscode.TabInputCustom
    ? input.uri
    : undefined;
}

/** The file in front, or that of which a version is. */
function frontFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = isDifference(input) ? input.modified : addressOf(input);
  return uri?.scheme === 'file' ? uri : shownVersion()?.file;
}

/** The folder of the file in front, else the one that is open, else home. */
function frontFolder(): vscode.Uri {
  const file = frontFile();
  return file
    ? file.with({ path: dirname(file.path) })
    : (vscode.workspace.workspaceFolders?.[0]?.uri ??
        vscode.Uri.file(homedir()));
}
