import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import type { ICell } from './cellrun.ts';
import type { IOutput, IOutputItem } from './outputs.ts';

/** Shows what a cell brings forth, in VS Code. */
export class CellExecution implements ICell<vscode.NotebookCellOutput> {
  constructor(execution: vscode.NotebookCellExecution) {
    this._execution = execution;
    this.code = execution.cell.document.getText();
    this.id = execution.cell.metadata['id'] as string | undefined;
  }

  readonly code: string;
  readonly id: string | undefined;

  /** The kernel runs it now, after whatever it ran before. */
  started(order: number | undefined): void {
    this._start();
    this._execution.executionOrder = order;
  }

  clear(): void {
    this._do(() => this._execution.clearOutput());
  }

  add(output: IOutput): vscode.NotebookCellOutput {
    const shown = new vscode.NotebookCellOutput(
      output.items.map(itemOf),
      output.metadata
    );
    this._do(() => this._execution.appendOutput(shown));
    return shown;
  }

  extend(shown: vscode.NotebookCellOutput, item: IOutputItem): void {
    this._do(() => this._execution.appendOutputItems(itemOf(item), shown));
  }

  replace(shown: vscode.NotebookCellOutput, items: IOutputItem[]): void {
    this._do(() =>
      this._execution.replaceOutputItems(items.map(itemOf), shown)
    );
  }

  ask(prompt: string, password: boolean): Thenable<string | undefined> {
    return vscode.window.showInputBox({
      prompt: prompt || l10n.t('The program asks for input.'),
      password,
      ignoreFocusOut: true
    });
  }

  /** `isGood` is undefined for a cell that was not run. */
  end(isGood: boolean | undefined): void {
    this._start();
    this._isOver = true;
    this._execution.end(isGood, Date.now());
  }

  /** VS Code takes outputs of a cell that runs only. */
  private _start(): void {
    if (!this._isStarted) {
      this._isStarted = true;
      this._execution.start(Date.now());
      void this._execution.clearOutput();
    }
  }

  private _do(act: () => Thenable<void>): void {
    if (!this._isOver) {
      this._start();
      // It fails where the cell was removed meanwhile: then nobody looks at it.
      act().then(undefined, () => undefined);
    }
  }

  private readonly _execution: vscode.NotebookCellExecution;
  private _isStarted = false;
  private _isOver = false;
}

function itemOf({ mime, data }: IOutputItem): vscode.NotebookCellOutputItem {
  return new vscode.NotebookCellOutputItem(data, mime);
}
