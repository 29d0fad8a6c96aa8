/** Part of an output as VS Code takes it: one of several ways to show the same. */
export interface IOutputItem {
  mime: string;
  data: Uint8Array;
}

/** An output of a cell, with what VS Code's notebook files keep of it. */
export interface IOutput {
  items: IOutputItem[];
  metadata: {
    outputType: 'display_data' | 'execute_result' | 'error' | 'stream';
    executionCount?: number;
    metadata?: object;
  };
}

/** What notebook files and kernels write as base64. */
const BINARY = /^(image\/(?!svg)|audio\/|video\/|font\/|application\/pdf$)/;

const STREAM = 'application/vnd.code.notebook.';
const ERROR = 'application/vnd.code.notebook.error';

/** Translate what a kernel shows: the same thing in several kinds of data. */
export function itemsOf(
  bundle: Readonly<Record<string, unknown>>
): IOutputItem[] {
  return Object.entries(bundle).map(([mime, value]) => ({
    mime,
    data: bytesOf(mime, Array.isArray(value) ? joined(value) : value)
  }));
}

/** Translate text that a program printed. */
export function streamItem(
  name: 'stdout' | 'stderr',
  text: string
): IOutputItem {
  return { mime: `${STREAM}${name}`, data: Buffer.from(text) };
}

/** Translate an exception. VS Code draws the traceback with the kernel's colours. */
export function errorOutput(
  name: string,
  message: string,
  traceback: readonly string[]
): IOutput {
  const error = { name, message, stack: traceback.join('\n') };
  return {
    items: [{ mime: ERROR, data: Buffer.from(JSON.stringify(error)) }],
    metadata: { outputType: 'error' }
  };
}

/** Some kernels send text in lines. A list that holds anything else is data. */
function joined(list: unknown[]): unknown {
  return list.every(each => typeof each === 'string') ? list.join('') : list;
}

function bytesOf(mime: string, value: unknown): Uint8Array {
  if (typeof value !== 'string') {
    return Buffer.from(JSON.stringify(value));
  }
  return Buffer.from(value, BINARY.test(mime) ? 'base64' : 'utf8');
}
