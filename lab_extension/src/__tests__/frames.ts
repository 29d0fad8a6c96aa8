import { IGPU, ISessionUse, ITelemetryFrame } from '@gpucommons/session';

import { UNKNOWN_OF_GPU } from '../telemetry/frame';

export const GIB = 2 ** 30;

/** A device of which only what matters to a test has to be said. */
export function gpu(said: Partial<IGPU> = {}): IGPU {
  return {
    index: 0,
    uuid: 'GPU-0',
    name: 'NVIDIA H200',
    ...UNKNOWN_OF_GPU,
    utilization: 50,
    ...said
  };
}

/** A frame of one device. */
export function frame(time: number, said: Partial<IGPU> = {}): ITelemetryFrame {
  return {
    time,
    state: 'ok',
    reason: null,
    interval: 1,
    gpu_mode: null,
    gpus: [gpu(said)],
    share: null,
    use: null
  };
}

/** Memory in gibibytes. */
export function memory(
  used: number,
  total: number,
  mine: number | null = null
): IGPU['memory'] {
  return {
    used: used * GIB,
    total: total * GIB,
    mine: mine === null ? null : mine * GIB
  };
}

/** What a session uses, with room in everything. */
export const USE: ISessionUse = {
  memory: { used: 1.7 * GIB, limit: 2 * GIB },
  cpu: { used: 0.4, limit: 2 },
  disk: { used: 20 * GIB, size: 50 * GIB, files: 10, most_files: 100 }
};
