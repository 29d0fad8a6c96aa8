import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { isProgram, onPath } from './interpreter.ts';

/** How to start a program that speaks the language server protocol on its standard streams. */
export interface IProgram {
  command: string;
  args: string[];
}

/** The file that runs basedpyright, below the folder of the extension. */
const PYRIGHT = 'servers/basedpyright/langserver.index.js';
/** The ruff that comes with the extension. */
const RUFF = 'servers/bin/ruff';

/**
 * How to start basedpyright: with the Node that runs VS Code, as the image has no other.
 *
 * Undefined where it is not there.
 */
export function pyright(extension: string): IProgram | undefined {
  const file = join(extension, PYRIGHT);
  return existsSync(file)
    ? { command: process.execPath, args: [file, '--stdio'] }
    : undefined;
}

/**
 * How to start ruff: the project's own first, so that editor and terminal agree.
 *
 * Undefined where there is none.
 */
export function ruff(
  extension: string,
  interpreter: string | undefined,
  environment: Readonly<Record<string, string | undefined>>
): IProgram | undefined {
  const beside = interpreter && join(dirname(interpreter), 'ruff');
  const command = [beside, onPath('ruff', environment), join(extension, RUFF)]
    .filter(each => each !== undefined)
    .find(each => each && isProgram(each));
  return command ? { command, args: ['server'] } : undefined;
}
