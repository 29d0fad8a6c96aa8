import { IGPU, IGPUTraffic, Throttle } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { gibibytes, rate } from '../format';

/** A name and a value in words. */
export type Figure = readonly [name: string, value: string];

/** What a device's driver gives in addition to utilization and memory; null is left out. */
export function figuresOf(gpu: IGPU, trans: TranslationBundle): Figure[] {
  const found: (Figure | null)[] = [
    temperature(gpu, trans),
    clock(gpu, trans),
    heldBack(gpu, trans),
    traffic(trans.__('PCIe'), gpu.pcie, trans),
    traffic(trans.__('NVLink'), gpu.nvlink, trans),
    gpu.ecc_errors === null
      ? null
      : [trans.__('Memory errors (ECC)'), String(gpu.ecc_errors)],
    gpu.processes && [trans.__('Processes'), String(gpu.processes.length)]
  ];
  return found.filter(figure => figure !== null);
}

/** Watts, and the limit where it is known. */
export function powerText(gpu: IGPU, trans: TranslationBundle): string | null {
  if (gpu.power === null) {
    return null;
  }
  const watts = Math.round(gpu.power);
  return gpu.power_limit
    ? trans.__('%1 of %2 W', watts, Math.round(gpu.power_limit))
    : trans.__('%1 W', watts);
}

/** The peaks of memory: one if they were never reset. */
export function peaksOf(gpu: IGPU, trans: TranslationBundle): Figure[] {
  if (!gpu.peak) {
    return [];
  }
  const { memory, since_start } = gpu.peak;
  const start: Figure = [
    trans.__('Peak since start'),
    trans.__('%1 GiB', gibibytes(since_start))
  ];
  const reset: Figure = [
    trans.__('Peak since reset'),
    trans.__('%1 GiB', gibibytes(memory))
  ];
  return memory === since_start ? [start] : [reset, start];
}

/** Why the clock is reduced, in words. */
export function reasonText(reason: Throttle, trans: TranslationBundle): string {
  switch (reason) {
    case 'power':
      return trans.__('power limit');
    case 'thermal':
      return trans.__('heat');
    case 'hardware':
      return trans.__('power supply or board');
    case 'setting':
      return trans.__('a setting');
  }
}

function temperature(gpu: IGPU, trans: TranslationBundle): Figure | null {
  return gpu.temperature === null
    ? null
    : [trans.__('Temperature'), trans.__('%1 °C', gpu.temperature)];
}

function clock(gpu: IGPU, trans: TranslationBundle): Figure | null {
  if (gpu.clock === null) {
    return null;
  }
  const text = gpu.clock_limit
    ? trans.__('%1 of %2 MHz', gpu.clock, gpu.clock_limit)
    : trans.__('%1 MHz', gpu.clock);
  return [trans.__('Clock'), text];
}

function heldBack(gpu: IGPU, trans: TranslationBundle): Figure | null {
  const reasons = (gpu.throttle ?? [])
    .map(reason => reasonText(reason, trans))
    .filter(text => text); // a reason that only a newer server knows
  return reasons.length
    ? [trans.__('Clock reduced by'), reasons.join(', ')]
    : null;
}

function traffic(
  name: string,
  bytes: IGPUTraffic | null,
  trans: TranslationBundle
): Figure | null {
  return (
    bytes && [
      name,
      trans.__('in %1, out %2', rate(bytes.received), rate(bytes.sent))
    ]
  );
}
