import { JupyterFrontEnd } from '@jupyterlab/application';
import { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';

import { Places } from './places';

/** The documents that are open in this page. */
export class OpenDocuments {
  constructor(app: JupyterFrontEnd, places: Places) {
    this._app = app;
    this._places = places;
  }

  /** Of those at a path of the home folder, or below it, the ones with unsaved changes. */
  unsaved(path: string): string[] {
    return [...this._at(path)]
      .filter(({ model }) => model.dirty)
      .map(context => this._local(context));
  }

  /**
   * Read them again. One in which somebody has typed meanwhile stays: JupyterLab says so when it
   * is saved.
   */
  async reload(path: string): Promise<void> {
    await Promise.all(
      [...this._at(path)]
        .filter(({ model }) => !model.dirty)
        .map(context => context.revert())
    );
  }

  private _at(path: string): Set<DocumentRegistry.Context> {
    const found = new Set<DocumentRegistry.Context>();
    for (const widget of this._app.shell.widgets('main')) {
      if (widget instanceof DocumentWidget) {
        const place = this._places.inHome(this._local(widget.context));
        if (place === path || place?.startsWith(`${path}/`)) {
          found.add(widget.context);
        }
      }
    }
    return found;
  }

  private _local({ path }: DocumentRegistry.Context): string {
    return this._app.serviceManager.contents.localPath(path);
  }

  private readonly _app: JupyterFrontEnd;
  private readonly _places: Places;
}
