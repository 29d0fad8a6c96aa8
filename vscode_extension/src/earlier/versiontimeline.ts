import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import { bytes } from '../bytes.ts';
import type { EarlierFiles, Version } from './earlierfiles.ts';
import { encoded } from './earlierfiles.ts';
import { moment } from './moments.ts';

/** A version in VS Code's view *Timeline*, which says its age in the browser's own time. */
export class VersionItem extends vscode.TimelineItem {
  constructor(file: vscode.Uri, version: Version, language: string) {
    super(l10n.t('Snapshot'), version.time * 1000);
    this.version = version;
    this.id = version.snapshot;
    this.description = bytes(version.size);
    this.tooltip = moment(version.time, language);
    this.iconPath = new vscode.ThemeIcon('archive');
    this.contextValue = 'gpucommons:version';
    this.command = {
      command: 'gpucommons.openVersion',
      title: l10n.t('Compare'),
      arguments: [file, version]
    };
  }

  readonly version: Version;
}

/** List versions in the timeline of each file. */
export function versionTimeline(
  earlier: EarlierFiles,
  language: string,
  log: vscode.LogOutputChannel
): vscode.Disposable {
  return vscode.workspace.registerTimelineProvider(['file', 'vscode-remote'], {
    id: 'gpucommons.earlier',
    label: l10n.t('Snapshots'),
    provideTimeline: async uri => {
      try {
        const { versions } = await earlier.versions(encoded(uri.path));
        const items = versions.map(
          each => new VersionItem(uri, each, language)
        );
        return { items };
      } catch (error) {
        log.info(`No snapshots of ${uri.path}: ${String(error)}`);
        return { items: [] };
      }
    }
  });
}
