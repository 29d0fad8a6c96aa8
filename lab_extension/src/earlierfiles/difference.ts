import { diffLines } from 'diff';

/** Lines around a change that are shown. */
const AROUND = 3;
/** Milliseconds after which two texts count as too different. */
const PATIENCE = 3000;

/** Lines that are in both texts, or in one; `gap` stands for so many that are in both. */
export type Piece =
  | { kind: 'same' | 'gone' | 'new'; lines: readonly string[] }
  | { kind: 'gap'; count: number };

/** What is different now; empty where nothing is, null where that would take too long. */
export function difference(then: string, now: string): Piece[] | null {
  const changes = diffLines(then, now, { timeout: PATIENCE });
  if (!changes) {
    return null;
  }
  if (!changes.some(({ added, removed }) => added || removed)) {
    return [];
  }
  return changes.flatMap(({ added, removed, value }, index): Piece[] => {
    const lines = value.replace(/\n$/, '').split('\n');
    return added || removed
      ? [{ kind: added ? 'new' : 'gone', lines }]
      : around(lines, index > 0, index < changes.length - 1);
  });
}

/** Of lines that are the same, those next to a change. */
function around(
  lines: readonly string[],
  isAfter: boolean,
  isBefore: boolean
): Piece[] {
  const head = isAfter ? AROUND : 0;
  const tail = isBefore ? AROUND : 0;
  const count = lines.length - head - tail;
  if (count <= 1) {
    return [{ kind: 'same', lines }];
  }
  const pieces: Piece[] = [
    { kind: 'same', lines: lines.slice(0, head) },
    { kind: 'gap', count },
    { kind: 'same', lines: lines.slice(lines.length - tail) }
  ];
  return pieces.filter(each => each.kind === 'gap' || each.lines.length > 0);
}
