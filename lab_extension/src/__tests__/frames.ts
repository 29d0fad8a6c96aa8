import { IFrame, IGPU } from '../tokens';

/** A device of which only what matters to a test has to be said. */
export function gpu(said: Partial<IGPU> = {}): IGPU {
  return {
    index: 0,
    uuid: 'GPU-0',
    name: 'NVIDIA H200',
    utilization: 50,
    memory: null,
    power: null,
    power_limit: null,
    temperature: null,
    processes: null,
    ...said
  };
}

/** A frame of one device. */
export function frame(time: number, said: Partial<IGPU> = {}): IFrame {
  return {
    time,
    state: 'ok',
    reason: null,
    interval: 1,
    gpu_mode: null,
    gpus: [gpu(said)]
  };
}
