import {
  ICPUUse,
  IDiskUse,
  IMemoryUse,
  ISessionUse
} from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { cores, gibibytes, percent } from '../format';

/** Percent from which on it is worth knowing what takes the room in the home folder. */
const GETTING_FULL = 80;
/** Percent from which on something is nearly full. */
const NEARLY_FULL = 90;

/** One figure of what the session uses, in words. */
export interface IUseFigure {
  name: string;
  text: string;
  /** percent of the limit; null where one of the two is unknown */
  percent: number | null;
}

/** What the session uses of memory, CPUs and disk; files only where they are nearly used up. */
export function figuresOfUse(
  { memory, cpu, disk }: ISessionUse,
  trans: TranslationBundle
): IUseFigure[] {
  const found = [
    figure(trans.__('Memory'), memoryText(memory, trans), part(memory), trans),
    figure(
      trans.__('CPU'),
      cpuText(cpu, trans),
      cpu?.limit ? percent(cpu.used, cpu.limit) : null
    ),
    figure(
      trans.__('Home folder'),
      diskText(disk, trans),
      diskPercent(disk),
      trans
    )
  ];
  const files = filesPercent(disk);
  if (files !== null && files >= NEARLY_FULL) {
    found.push(
      figure(
        trans.__('Files in it'),
        trans.__('%1 / %2', String(disk?.files), String(disk?.most_files)),
        files,
        trans
      )
    );
  }
  return found;
}

/** How full the volume of the home folder is, in percent; null where that is unknown. */
export function diskPercent(disk: IDiskUse | null): number | null {
  return disk && percent(disk.used, disk.size);
}

/** Whether much of the home folder's bytes or files is used up. */
export function isGettingFull(disk: IDiskUse | null): boolean {
  const most = Math.max(diskPercent(disk) ?? 0, filesPercent(disk) ?? 0);
  return most >= GETTING_FULL;
}

/** Whether files run short, sooner than bytes. */
export function lacksFiles(disk: IDiskUse | null): boolean {
  const files = filesPercent(disk) ?? 0;
  return files >= GETTING_FULL && files > (diskPercent(disk) ?? 0);
}

function filesPercent(disk: IDiskUse | null): number | null {
  return disk && disk.files !== null && disk.most_files !== null
    ? percent(disk.files, disk.most_files)
    : null;
}

function part(memory: IMemoryUse | null): number | null {
  return memory?.limit ? percent(memory.used, memory.limit) : null;
}

/** With `trans`, it is also said when it is nearly full. */
function figure(
  name: string,
  text: string,
  value: number | null,
  trans?: TranslationBundle
): IUseFigure {
  const isFull = trans && value !== null && value >= NEARLY_FULL;
  return {
    name,
    text: isFull ? trans.__('%1, nearly full', text) : text,
    percent: value
  };
}

function memoryText(
  memory: IMemoryUse | null,
  trans: TranslationBundle
): string {
  if (!memory) {
    return trans.__('unknown');
  }
  const used = gibibytes(memory.used);
  return memory.limit === null
    ? trans.__('%1 GiB, limit unknown', used)
    : trans.__('%1 / %2 GiB', used, gibibytes(memory.limit));
}

function cpuText(cpu: ICPUUse | null, trans: TranslationBundle): string {
  if (!cpu) {
    return trans.__('unknown');
  }
  const used = cpu.used.toFixed(1);
  return cpu.limit === null
    ? trans.__('%1 cores, limit unknown', used)
    : trans.__('%1 / %2 cores', used, cores(cpu.limit));
}

function diskText(disk: IDiskUse | null, trans: TranslationBundle): string {
  return disk
    ? trans.__('%1 / %2 GiB', gibibytes(disk.used), gibibytes(disk.size))
    : trans.__('unknown');
}
