import { ICPUUse, IDiskUse, IMemoryUse } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { cores, gibibytes } from '../format';
import { ITelemetry } from '../telemetry/stream';
import { diskPercent, figuresOfUse } from '../telemetry/usefigures';
import { IStatus } from './status';

/** Percent from which on the disk is worth the room in the status bar. */
const WORTH_SAYING = 80;

/** Put what the session uses into a few characters; null where nothing is known of it. */
export function statusOfUse(
  { connection, frame }: ITelemetry,
  trans: TranslationBundle
): IStatus | null {
  const use = frame?.use;
  if (!use || (!use.memory && !use.cpu)) {
    return null;
  }
  if (connection === 'lost' || connection === 'waiting') {
    return {
      short: trans.__('Mem ?'),
      full: trans.__('Memory: disconnected, reconnecting…')
    };
  }
  const { memory, cpu, disk } = use;
  // What is unknown is left out here, and called so in the full text.
  const short: string[] = [];
  if (memory) {
    short.push(memoryText(memory, trans));
  }
  if (cpu) {
    short.push(cpuText(cpu, trans));
  }
  if (disk && (diskPercent(disk) ?? 0) >= WORTH_SAYING) {
    short.push(diskText(disk, trans));
  }
  const full = figuresOfUse(use, trans).map(({ name, text }) =>
    trans.__('%1: %2', name, text)
  );
  return { short: short.join(' · '), full: full.join(', ') };
}

function memoryText(memory: IMemoryUse, trans: TranslationBundle): string {
  const used = gibibytes(memory.used);
  return memory.limit === null
    ? trans.__('Mem %1 GiB', used)
    : trans.__('Mem %1/%2 GiB', used, gibibytes(memory.limit));
}

function cpuText(cpu: ICPUUse, trans: TranslationBundle): string {
  const used = cpu.used.toFixed(1);
  return cpu.limit === null
    ? trans.__('CPU %1', used)
    : trans.__('CPU %1/%2', used, cores(cpu.limit));
}

function diskText(disk: IDiskUse, trans: TranslationBundle): string {
  return trans.__('Disk %1/%2 GiB', gibibytes(disk.used), gibibytes(disk.size));
}
