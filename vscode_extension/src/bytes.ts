const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'];

/** A size in bytes, in the unit in which people read it. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 3 ? 1 : 0)} ${UNITS[unit]}`;
}
