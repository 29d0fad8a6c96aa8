import { IGPU, ITelemetryFrame, SHARED_GPU_MODES } from '@gpucommons/session';

/** What a server older than the page does not send. */
export const UNKNOWN_OF_GPU: Omit<IGPU, 'index' | 'uuid' | 'name'> = {
  utilization: null,
  memory: null,
  power: null,
  power_limit: null,
  temperature: null,
  processes: null,
  clock: null,
  clock_limit: null,
  throttle: null,
  ecc_errors: null,
  pcie: null,
  nvlink: null,
  mig_profile: null,
  peak: null,
  simulated: false
};

/** Read a frame from JSON. Throws a SyntaxError if it is none. */
export function frameOf(data: string): ITelemetryFrame {
  const frame = JSON.parse(data) as ITelemetryFrame | null;
  if (typeof frame?.time !== 'number' || !Array.isArray(frame.gpus)) {
    throw new SyntaxError('This is no telemetry frame.');
  }
  return {
    ...frame,
    reason: frame.reason ?? null,
    gpu_mode: frame.gpu_mode ?? null,
    share: frame.share ?? null,
    use: frame.use ?? null,
    gpus: frame.gpus.map(gpuOf)
  };
}

/** Whether others work on the devices of this session. */
export function isShared(frame: ITelemetryFrame): boolean {
  return frame.gpu_mode !== null && SHARED_GPU_MODES.includes(frame.gpu_mode);
}

function gpuOf(said: IGPU): IGPU {
  const gpu = { ...UNKNOWN_OF_GPU, ...said };
  const memory = gpu.memory && {
    ...gpu.memory,
    mine: gpu.memory.mine ?? null
  };
  const processes =
    gpu.processes?.map(process => ({
      ...process,
      holder: process.holder ?? null
    })) ?? null;
  return { ...gpu, memory, processes };
}
