import { describe, expect, it } from 'vitest';

import { comparable, contentOf } from '../content';
import { difference } from '../difference';

const bytes = (text: string) => new TextEncoder().encode(text);

function notebook(words: string): Uint8Array {
  const outputs = [{ output_type: 'stream', text: ['1\n', '2\n'] }];
  const cells = [
    { cell_type: 'markdown', source: words },
    { cell_type: 'code', source: ['a = 1\n', 'a'], outputs }
  ];
  return bytes(JSON.stringify({ cells, nbformat: 4 }));
}

describe('What a file contains', () => {
  it('is judged by its name and its bytes', () => {
    expect(contentOf('a.txt', bytes('a')).kind).toBe('text');
    expect(contentOf('a.txt', bytes('a\0b')).kind).toBe('other');
    expect(contentOf('a.txt', Uint8Array.of(0xff)).kind).toBe('other');
    expect(contentOf('a.PNG', Uint8Array.of(0xff)).kind).toBe('image');
    expect(contentOf('a.ipynb', bytes('no notebook')).kind).toBe('text');
  });

  it('of a notebook is its cells with what they printed', () => {
    expect(comparable(contentOf('a.ipynb', notebook('words')))).toBe(
      '# %% [markdown]\nwords\n\n# %%\na = 1\na\n#> 1\n#> 2\n'
    );
  });
});

describe('A difference', () => {
  it('has what is gone, what is new, and a little around', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const now = lines.map((line, index) => (index === 10 ? 'another' : line));
    expect(difference(lines.join('\n'), now.join('\n'))).toEqual([
      { kind: 'gap', count: 7 },
      { kind: 'same', lines: ['line 7', 'line 8', 'line 9'] },
      { kind: 'gone', lines: ['line 10'] },
      { kind: 'new', lines: ['another'] },
      { kind: 'same', lines: ['line 11', 'line 12', 'line 13'] },
      { kind: 'gap', count: 6 }
    ]);
  });

  it('is empty where there is none', () => {
    expect(difference('a\nb', 'a\nb')).toEqual([]);
  });
});
