import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as l10n from '@vscode/l10n';

import * as vscode from 'vscode';

import { interpreter } from '../language/interpreterchoice.ts';
import { sessionPython } from '../language/interpreter.ts';
import type { IConfiguration } from './configuration.ts';
import { completed } from './configuration.ts';

/** `python` is what launch.json said before VS Code's own extension renamed it. */
const TYPES = ['debugpy', 'python'];
/** An extension that debugs Python itself. */
const OTHER = 'ms-python.debugpy';

/** Debug Python with debugpy, which the session's kernels bring, unless another extension does. */
export function debugging(log: vscode.LogOutputChannel): vscode.Disposable[] {
  if (vscode.extensions.getExtension(OTHER)) {
    log.info(`Python is debugged by ${OTHER}.`);
    return [];
  }
  return TYPES.flatMap(type => [
    vscode.debug.registerDebugConfigurationProvider(type, {
      resolveDebugConfiguration
    }),
    vscode.debug.registerDebugAdapterDescriptorFactory(type, {
      createDebugAdapterDescriptor
    })
  ]);
}

function resolveDebugConfiguration(
  folder: vscode.WorkspaceFolder | undefined,
  configuration: vscode.DebugConfiguration
): vscode.DebugConfiguration | undefined {
  const document = vscode.window.activeTextEditor?.document;
  const whole = completed(configuration as Partial<IConfiguration>, {
    file:
      document?.languageId === 'python' && document.uri.scheme === 'file'
        ? document.uri.fsPath
        : undefined,
    folder: folder?.uri.fsPath,
    interpreter: interpreter()
  });
  if (typeof whole === 'string') {
    void vscode.window.showErrorMessage(whole);
    return undefined;
  }
  return whole;
}

async function createDebugAdapterDescriptor(): Promise<vscode.DebugAdapterDescriptor> {
  const python = sessionPython(process.env);
  if (!python) {
    throw new Error(
      l10n.t('There is no Python on PATH, and debugpy runs in one.')
    );
  }
  try {
    await promisify(execFile)(python, ['-c', 'import debugpy']);
  } catch {
    throw new Error(
      l10n.t(
        '{0} has no debugpy. Install it with: {1}',
        python,
        `${python} -m pip install debugpy`
      )
    );
  }
  return new vscode.DebugAdapterExecutable(python, ['-m', 'debugpy.adapter']);
}
