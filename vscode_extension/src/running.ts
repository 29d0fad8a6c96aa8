import * as vscode from 'vscode';

/**
 * Counts what was started in this window and runs: debug sessions, tasks, notebook cells.
 *
 * The server sees programs in terminals, whichever program shows them.
 */
export class Running {
  /** `onStart` is called when something starts. */
  constructor(onStart: () => void) {
    this._subscriptions = [
      vscode.debug.onDidStartDebugSession(session => {
        this._debugging.add(session.id);
        onStart();
      }),
      vscode.debug.onDidTerminateDebugSession(session => {
        this._debugging.delete(session.id);
      }),
      vscode.tasks.onDidStartTask(onStart),
      vscode.workspace.onDidChangeNotebookDocument(event => {
        if (
          event.cellChanges.some(
            change => change.executionSummary || change.outputs
          )
        ) {
          onStart();
        }
      })
    ];
  }

  get isAny(): boolean {
    return this._debugging.size > 0 || vscode.tasks.taskExecutions.length > 0;
  }

  dispose(): void {
    this._subscriptions.forEach(each => each.dispose());
  }

  private readonly _debugging = new Set<string>();
  private readonly _subscriptions: readonly vscode.Disposable[];
}
