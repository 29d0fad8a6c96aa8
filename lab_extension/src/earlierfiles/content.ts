import { MultilineString } from '@jupyterlab/nbformat';

/** A cell of a notebook, as far as it is shown. */
export interface ICell {
  kind: string;
  source: string;
  /** Text, or the address of an image. */
  outputs: readonly { text?: string; image?: string }[];
}

/** What a file contains, as far as it can be shown. */
export type Content =
  | { kind: 'text'; text: string }
  | { kind: 'notebook'; cells: readonly ICell[] }
  | { kind: 'image'; type: string; bytes: Uint8Array }
  | { kind: 'other' };

const IMAGES: Readonly<Record<string, string>> = {
  bmp: 'image/bmp',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  webp: 'image/webp'
};

/** Judge by the name, and then by the bytes, what a file is. */
export function contentOf(name: string, bytes: Uint8Array): Content {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const type = IMAGES[ending];
  if (type) {
    return { kind: 'image', type, bytes };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { kind: 'other' };
  }
  if (text.includes('\0')) {
    return { kind: 'other' };
  }
  const cells = ending === 'ipynb' ? cellsOf(text) : null;
  return cells ? { kind: 'notebook', cells } : { kind: 'text', text };
}

/** A file as text that can be compared; null where it is none. */
export function comparable(content: Content): string | null {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'notebook':
      return content.cells.map(cellText).join('\n');
    default:
      return null;
  }
}

/** As Jupytext and editors write cells into a script. */
function cellText({ kind, source, outputs }: ICell): string {
  const title = kind === 'code' ? '# %%' : `# %% [${kind}]`;
  const printed = outputs.flatMap(({ text }) =>
    text === undefined ? [] : text.replace(/\n$/, '').split('\n')
  );
  return [title, source, ...printed.map(line => `#> ${line}`), ''].join('\n');
}

/** The cells of a notebook; null where it is none of version 4. */
function cellsOf(text: string): ICell[] | null {
  try {
    const { cells } = JSON.parse(text) as { cells: IRawCell[] };
    return cells.map(({ cell_type, source, outputs }) => ({
      kind: cell_type,
      source: together(source),
      outputs: (outputs ?? []).map(outputOf)
    }));
  } catch {
    return null;
  }
}

function outputOf(output: IRawOutput): { text?: string; image?: string } {
  const { text, data, traceback, ename, evalue } = output;
  if (text !== undefined) {
    return { text: together(text) };
  }
  if (traceback !== undefined) {
    return { text: `${ename}: ${evalue}` };
  }
  const image = data?.['image/png'];
  return image !== undefined
    ? { image: `data:image/png;base64,${together(image).replace(/\s/g, '')}` }
    : { text: together(data?.['text/plain'] ?? '') };
}

function together(text: MultilineString): string {
  return Array.isArray(text) ? text.join('') : text;
}

interface IRawCell {
  cell_type: string;
  source: MultilineString;
  outputs?: IRawOutput[];
}

interface IRawOutput {
  text?: MultilineString;
  data?: Record<string, MultilineString>;
  traceback?: string[];
  ename?: string;
  evalue?: string;
}
