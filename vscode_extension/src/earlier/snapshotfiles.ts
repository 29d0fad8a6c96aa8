import * as vscode from 'vscode';

import type { EarlierFiles, Version } from './earlierfiles.ts';
import { encoded } from './earlierfiles.ts';

/** Scheme of the addresses of earlier versions: the file's path, and which version in the query. */
export const SCHEME = 'gpucommons-earlier';

/** The address of a version of a file. */
export function versionUri(file: vscode.Uri, version: Version): vscode.Uri {
  const { snapshot, time, size } = version;
  const query = JSON.stringify({ snapshot, time, size });
  return vscode.Uri.from({ scheme: SCHEME, path: file.path, query });
}

/** The version at such an address. */
export function versionAt(uri: vscode.Uri): Version {
  return JSON.parse(uri.query) as Version;
}

/** Lets VS Code read earlier versions as files, which also its notebooks need. */
export class SnapshotFiles implements vscode.FileSystemProvider {
  constructor(earlier: EarlierFiles) {
    this._earlier = earlier;
  }

  readonly onDidChangeFile = new vscode.EventEmitter<never[]>().event;

  stat(uri: vscode.Uri): vscode.FileStat {
    const { time, size } = versionAt(uri);
    const permissions = vscode.FilePermission.Readonly;
    const mtime = time * 1000;
    return { type: vscode.FileType.File, ctime: 0, mtime, size, permissions };
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this._earlier.content(versionAt(uri).snapshot, encoded(uri.path));
  }

  /** A snapshot never changes. */
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): never {
    throw vscode.FileSystemError.Unavailable();
  }

  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  writeFile(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  private readonly _earlier: EarlierFiles;
}
