import { describe, expect, it } from 'vitest';

import { encoded, shown, stamp, textOf } from '../names';
import { Places } from '../places';

describe('A name of any bytes', () => {
  it('is shown, also where it is no text', () => {
    expect(shown('work/two%0Alines.txt')).toBe('work/two␊lines.txt');
    expect(shown('caf%E9.txt')).toBe('caf\ufffd.txt');
    expect(shown('caf%C3%A9.txt')).toBe('café.txt');
  });

  it('is opened only where it is text', () => {
    expect(textOf('%EC%95%88.txt')).toBe('안.txt');
    expect(textOf('caf%E9.txt')).toBeNull();
  });

  it('is written as the server writes it', () => {
    expect(encoded("work/run [v1]*'(2)!.txt")).toBe(
      'work/run%20%5Bv1%5D%2A%27%282%29%21.txt'
    );
  });
});

describe('The home folder', () => {
  it('may be all that JupyterLab shows', () => {
    const places = new Places('/');
    expect(places.inHome('work/a b')).toBe('work/a%20b');
    expect(places.inLab('work/a%20b')).toBe('work/a b');
  });

  it('may be a part of it', () => {
    const places = new Places('/home/jovyan');
    expect(places.inHome('home/jovyan/work')).toBe('work');
    expect(places.inHome('home/jovyan')).toBe('');
    expect(places.inHome('home/jovyanna/work')).toBeNull();
    expect(places.inLab('work')).toBe('home/jovyan/work');
  });

  it('may be elsewhere', () => {
    const places = new Places('');
    expect(places.inHome('work')).toBeNull();
    expect(places.inLab('work')).toBeNull();
  });
});

it('A moment in a name has a year unless it is this one', () => {
  const time = new Date(2026, 10, 27, 3, 5).getTime() / 1000;
  expect(stamp(time, time + 60)).toBe('27 Nov 03.05');
  expect(stamp(time, time + 60 * 86400)).toBe('27 Nov 2026 03.05');
});
