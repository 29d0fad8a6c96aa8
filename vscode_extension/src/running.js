'use strict';

const vscode = require('vscode');

/**
 * Counts what was started in this window and runs: debug sessions, tasks, notebook cells.
 *
 * Programs in terminals are the server's to see, in whatever program shows them.
 */
class Running {
  /** @param {() => void} onStart called when something starts */
  constructor(onStart) {
    /** @type {Set<string>} */
    this._debugging = new Set();
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

  get isAny() {
    return this._debugging.size > 0 || vscode.tasks.taskExecutions.length > 0;
  }

  dispose() {
    this._subscriptions.forEach(each => each.dispose());
  }
}

module.exports = { Running };
