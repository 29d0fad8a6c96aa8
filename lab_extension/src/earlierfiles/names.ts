/**
 * Names and paths of the home folder as the server has them: bytes, percent-encoded.
 *
 * They need not be UTF-8, so a name is decoded only to be shown or to be opened.
 */

import { timeOfDay } from '../format';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A name, or a path, as people read it; what is no text shows as a sign for that. */
export function shown(path: string): string {
  const text = new TextDecoder().decode(bytesOf(path));
  return Array.from(text, each =>
    each < ' ' ? String.fromCharCode(0x2400 + each.charCodeAt(0)) : each
  ).join('');
}

/** A name as JupyterLab has it; null where it is no text. */
export function textOf(path: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(path));
  } catch {
    return null;
  }
}

/** A path as JupyterLab has it, as the server would write it. */
export function encoded(path: string): string {
  return path
    .split('/')
    .filter(name => name !== '')
    .map(name =>
      encodeURIComponent(name).replace(
        /[!'()*]/g,
        each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`
      )
    )
    .join('/');
}

/** A path below a folder; the uppermost folder is empty. */
export function joined(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}

/** The folder that something is in. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A moment, in seconds since the Unix epoch, as the reader's clock shows it. */
export function whenText(seconds: number): string {
  return timeOfDay(seconds, Date.now() / 1000);
}

/**
 * A moment as names have it, `27 Nov 03.00`: the same in all languages, and without a colon,
 * which other systems refuse. Both in seconds since the Unix epoch.
 */
export function stamp(seconds: number, now: number): string {
  const time = new Date(1000 * seconds);
  const year =
    time.getFullYear() === new Date(1000 * now).getFullYear()
      ? ''
      : ` ${time.getFullYear()}`;
  const [hour, minute] = [time.getHours(), time.getMinutes()].map(each =>
    String(each).padStart(2, '0')
  );
  return `${time.getDate()} ${MONTHS[time.getMonth()]}${year} ${hour}.${minute}`;
}

function bytesOf(path: string): Uint8Array {
  const parts = path.split(/(%[0-9a-f]{2})/i);
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part, index) =>
      index % 2 ? [parseInt(part.slice(1), 16)] : [...encoder.encode(part)]
    )
  );
}
