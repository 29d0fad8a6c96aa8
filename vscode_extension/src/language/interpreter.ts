import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** What decides which Python a folder of files belongs to. */
export interface IPlace {
  /** what the person set; empty is nothing */
  setting: string;
  /** the folder that is open, if one is */
  folder: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Where a virtual environment of a project lies by custom; `uv` and others find it there, too. */
const CUSTOMARY = '.venv';

/** Find the Python of a folder: the one that was chosen, its `.venv`, or the session's own. */
export function interpreterOf(place: IPlace): string | undefined {
  const { setting, folder, environment } = place;
  if (setting) {
    return isAbsolute(setting) ? setting : resolve(folder ?? '/', setting);
  }
  const own = folder && pythonOf(join(folder, CUSTOMARY));
  return own && isProgram(own) ? own : sessionPython(environment);
}

/** List the Pythons to choose from: the session's own, and environments in the folder. */
export function interpretersOf(place: IPlace): string[] {
  const session = sessionPython(place.environment);
  const found = place.folder ? environmentsIn(place.folder) : [];
  return [...(session ? [session] : []), ...found];
}

/** Whether a path is a program that can be started. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Find a program on PATH. */
export function onPath(
  name: string,
  environment: IPlace['environment']
): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter);
  return folders
    .filter(each => isAbsolute(each))
    .map(each => join(each, name))
    .find(isProgram);
}

/** The Python that the session came with. */
export function sessionPython(
  environment: IPlace['environment']
): string | undefined {
  const own = environment['VIRTUAL_ENV'];
  const python = own && pythonOf(own);
  return python && isProgram(python)
    ? python
    : (onPath('python', environment) ?? onPath('python3', environment));
}

function environmentsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map(each => join(folder, each))
      .filter(each => hasFile(each, 'pyvenv.cfg'))
      .map(pythonOf)
      .filter(isProgram);
  } catch {
    return []; // it cannot be read: then there is nothing in it to choose
  }
}

function hasFile(folder: string, name: string): boolean {
  return statSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
}

function pythonOf(environment: string): string {
  return join(environment, 'bin', 'python');
}
