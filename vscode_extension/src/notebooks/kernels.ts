import { randomUUID } from 'node:crypto';
import * as l10n from '@vscode/l10n';

import * as vscode from 'vscode';

import type { Server } from '../server.ts';
import type { IJupyter, IKernelSpec } from './jupyter.ts';
import { kernelSpecs, pathOf } from './jupyter.ts';
import { moveSessions, runningKernel } from './kernelsession.ts';
import { Notebook } from './notebook.ts';

const TYPE = 'jupyter-notebook';

/** Offers the session's kernels, the same as JupyterLab, for the notebooks of this window. */
export class Kernels {
  constructor(server: Server, log: vscode.LogOutputChannel) {
    this._server = server;
    this._log = log;
    this._subscriptions = [
      vscode.workspace.onDidOpenNotebookDocument(each => this._opened(each)),
      vscode.workspace.onDidCloseNotebookDocument(each => this._closed(each)),
      vscode.workspace.onDidRenameFiles(event => {
        event.files.forEach(each => this._renamed(each.oldUri, each.newUri));
      }),
      ...Object.entries({
        'gpucommons.restartKernel': (each: Notebook) => each.restart(),
        'gpucommons.shutDownKernel': (each: Notebook) => each.shutdown()
      }).map(([command, act]) =>
        vscode.commands.registerCommand(command, () => this._act(act))
      )
    ];
    vscode.workspace.notebookDocuments.forEach(each => this._opened(each));
  }

  dispose(): void {
    this._subscriptions.forEach(each => each.dispose());
    this._controllers.forEach(each => each.dispose());
    this._notebooks.forEach(each => each.dispose());
  }

  private _opened(document: vscode.NotebookDocument): void {
    if (document.notebookType !== TYPE) {
      return;
    }
    this._offer(document).catch((error: Error) => {
      this._log.error(`No kernels are offered: ${error.message}`);
      void vscode.window.showErrorMessage(
        l10n.t(
          "The session's kernels cannot be listed: {0} Close the notebook and open it again to retry; JupyterLab has them, too.",
          error.message
        )
      );
    });
  }

  /** List the kernels anew, as one may have been installed, and suggest the notebook's own. */
  private async _offer(document: vscode.NotebookDocument): Promise<void> {
    const jupyter = await this._jupyter();
    const path = pathOf(document.uri.fsPath, jupyter.root);
    const [specs, running] = await Promise.all([
      kernelSpecs(jupyter),
      runningKernel(jupyter, path)
    ]);
    const own = running ?? kernelInFile(document) ?? specs[0]?.name;
    for (const spec of specs) {
      const controller = this._controllers.get(spec.name) ?? this._add(spec);
      controller.updateNotebookAffinity(
        document,
        spec.name === own
          ? vscode.NotebookControllerAffinity.Preferred
          : vscode.NotebookControllerAffinity.Default
      );
    }
    for (const [name, controller] of this._controllers) {
      if (!specs.some(each => each.name === name)) {
        controller.dispose();
        this._controllers.delete(name);
      }
    }
  }

  private _add(spec: IKernelSpec): vscode.NotebookController {
    const controller = vscode.notebooks.createNotebookController(
      `kernel-${spec.name}`,
      TYPE,
      spec.title
    );
    controller.description = l10n.t('of this session');
    controller.supportedLanguages = [spec.language.toLowerCase()];
    controller.supportsExecutionOrder = true;
    controller.executeHandler = async (cells, document) => {
      await nameKernel(document, spec);
      const notebook = await this._notebook(document);
      await notebook.run(cells, spec, controller);
    };
    controller.interruptHandler = async document => {
      await (await this._notebook(document)).interrupt();
    };
    this._controllers.set(spec.name, controller);
    return controller;
  }

  private async _notebook(document: vscode.NotebookDocument) {
    const key = document.uri.toString();
    const { root } = await this._jupyter();
    let notebook = this._notebooks.get(key);
    if (!notebook) {
      notebook = new Notebook(pathOfDocument(document, root), {
        jupyter: () => this._jupyter(),
        mayReplace: askToReplace
      });
      this._notebooks.set(key, notebook);
    }
    return notebook;
  }

  private async _act(act: (notebook: Notebook) => Promise<void>) {
    const document = vscode.window.activeNotebookEditor?.notebook;
    const notebook = document && this._notebooks.get(document.uri.toString());
    if (notebook?.hasKernel) {
      await act(notebook);
    } else {
      void vscode.window.showInformationMessage(
        l10n.t(
          'No kernel runs for this notebook here. Run a cell to start one.'
        )
      );
    }
  }

  /** A notebook that was saved for the first time is closed, and opened as the file it became. */
  private _closed(document: vscode.NotebookDocument): void {
    const notebook = this._notebooks.get(document.uri.toString());
    if (!notebook) {
      return;
    }
    const successor =
      document.isUntitled &&
      vscode.workspace.notebookDocuments.find(
        each => !each.isUntitled && sourceOf(each) === sourceOf(document)
      );
    this._notebooks.delete(document.uri.toString());
    if (successor) {
      this._notebooks.set(successor.uri.toString(), notebook);
      this._follow(({ root }) =>
        notebook.move(pathOf(successor.uri.fsPath, root))
      );
      return;
    }
    if (document.isUntitled && notebook.hasKernel) {
      // No file leads back to that kernel.
      notebook.shutdown().catch((error: Error) => {
        this._log.warn(`A kernel was not shut down: ${error.message}`);
      });
    } else {
      notebook.dispose();
    }
  }

  /** VS Code opens a file again that it renamed; its kernel is found by the new name. */
  private _renamed(from: vscode.Uri, to: vscode.Uri): void {
    this._follow(jupyter =>
      moveSessions(
        jupyter,
        pathOf(from.fsPath, jupyter.root),
        pathOf(to.fsPath, jupyter.root)
      )
    );
  }

  private _follow(move: (jupyter: IJupyter) => Promise<void>): void {
    this._jupyter()
      .then(move)
      .catch((error: Error) => {
        this._log.warn(
          `A kernel does not go along with its notebook: ${error.message}`
        );
      });
  }

  private _jupyter(): Promise<IJupyter> {
    return this._server.get('/jupyter') as Promise<IJupyter>;
  }

  private readonly _server: Server;
  private readonly _log: vscode.LogOutputChannel;
  private readonly _subscriptions: readonly vscode.Disposable[];
  private readonly _controllers = new Map<string, vscode.NotebookController>();
  private readonly _notebooks = new Map<string, Notebook>();
}

/** A notebook without a file yet has a path of its own: other windows have such ones, too. */
function pathOfDocument(document: vscode.NotebookDocument, root: string) {
  const file = document.uri.fsPath;
  return document.isUntitled
    ? pathOf(`/${randomUUID()}/${file}`, root)
    : pathOf(file, root);
}

/** What VS Code keeps of the file's own metadata. */
interface IFileMetadata {
  kernelspec?: { name?: string };
}

function kernelInFile(document: vscode.NotebookDocument): string | undefined {
  const kept = document.metadata['metadata'] as IFileMetadata | undefined;
  return kept?.kernelspec?.name;
}

/** Have the file name the kernel, as JupyterLab does and expects. */
async function nameKernel(
  document: vscode.NotebookDocument,
  spec: IKernelSpec
): Promise<void> {
  if (kernelInFile(document) === spec.name) {
    return;
  }
  const kept = document.metadata['metadata'] as object | undefined;
  const { name, title, language } = spec;
  const edit = new vscode.WorkspaceEdit();
  edit.set(document.uri, [
    vscode.NotebookEdit.updateNotebookMetadata({
      ...document.metadata,
      metadata: {
        ...kept,
        kernelspec: { name, display_name: title, language },
        language_info: { name: language }
      }
    })
  ]);
  await vscode.workspace.applyEdit(edit);
}

function sourceOf(document: vscode.NotebookDocument): string {
  return document
    .getCells()
    .map(each => each.document.getText())
    .join('\0');
}

async function askToReplace(running: string, wanted: string): Promise<boolean> {
  const yes = l10n.t('Switch Kernel');
  const pressed = await vscode.window.showWarningMessage(
    l10n.t(
      'This notebook runs on the kernel “{0}”, here or in JupyterLab.',
      running
    ),
    {
      modal: true,
      detail: l10n.t(
        'To run it on “{0}”, that kernel is shut down, and its variables are lost.',
        wanted
      )
    },
    yes
  );
  return pressed === yes;
}
