// Written by gpucommons_contract/typescript.py. Change the contract, then run
// `python -m gpucommons_contract.typescript`.

/** Paths below the base URL of the session's server. */
export const Endpoint = {
  SESSION_GPUS: 'gpucommons/api/gpus',
  SESSION_GPU_HISTORY: 'gpucommons/api/gpus/history',
  SESSION_GPU_PEAK: 'gpucommons/api/gpus/peak',
  SESSION_GPU_USAGE: 'gpucommons/api/gpus/usage',
  SESSION: 'gpucommons/api/session',
  SESSION_NOTICE: 'gpucommons/api/notice',
  SESSION_NOTICE_ANSWER: 'gpucommons/api/notice/answer',
  SESSION_FAREWELL: 'gpucommons/api/farewell',
  SESSION_OUTPUTS: 'gpucommons/api/outputs',
  SESSION_OWN_SAVE: 'gpucommons/api/own-save',
  SESSION_UNSAVED_COPY: 'gpucommons/api/unsaved-copy',
  SESSION_ACTIVITY: 'gpucommons/api/activity'
} as const;

/**
 * GPU modes in which other sessions work on the same device; see
 * `SessionVariable.GPU_MODE`.
 */
export const SHARED_GPU_MODES: readonly string[] = ['mps', 'timeslice', 'hami'];

/** Id of the notice that the session is being stopped now. */
export const ENDING_NOTICE = 'ending';

/**
 * How the id of a choice begins that keeps the session, for that many seconds:
 * `keep-3600`.
 */
export const KEEP_CHOICE = 'keep-';

/**
 * Id of the notice by which a session says that its memory is full, or nearly
 * so.
 */
export const MEMORY_NOTICE = 'memory';

/**
 * Id of the event by which a session's server asks open pages to read its
 * notices again.
 */
export const NOTICES_CHANGED =
  'https://gpucommons.io/events/notices-changed/v1';

/** Whether the session can read its GPUs. */
export type TelemetryState = 'ok' | 'no-gpu' | 'failed';

/** Why a device runs below the clock it could have. Idling is none of them. */
export type Throttle = 'power' | 'thermal' | 'hardware' | 'setting';

/** What of a session a process belongs to. */
export type HolderKind = 'kernel' | 'terminal' | 'other';

/** Memory of one device in bytes, as NVML counts it. */
export interface IGPUMemory {
  used: number;
  total: number;
  /**
   * What this session's processes hold; null where that is unknown, 0 where
   * none is on it.
   */
  mine: number | null;
}

/** The most memory seen in use on a device, in bytes, while it was read. */
export interface IGPUPeak {
  memory: number;
  /** As `memory`, but not set back by the person. */
  since_start: number;
}

/** Bytes per second over a link, as the device sees it. */
export interface IGPUTraffic {
  received: number;
  sent: number;
}

/** Who in this session a process on a device is, or descends from. */
export interface IGPUHolder {
  kind: HolderKind;
  /**
   * The kernel's id or the terminal's name, as Jupyter Server's API gives them.
   */
  id: string | null;
  /** The process's number as the session's own terminals show it. */
  pid: number;
  /** The process's name, such as `python`. */
  program: string;
}

/** One process on a device. `pid` is the number that NVML gives. */
export interface IGPUProcess {
  pid: number;
  /** bytes */
  memory: number | null;
  /** null: it is not this session's, or that is unknown. */
  holder: IGPUHolder | null;
}

/** One device that the session sees. */
export interface IGPU {
  index: number;
  uuid: string;
  name: string;
  /** percent */
  utilization: number | null;
  memory: IGPUMemory | null;
  /** watts */
  power: number | null;
  /** watts */
  power_limit: number | null;
  /** degrees Celsius */
  temperature: number | null;
  processes: readonly IGPUProcess[] | null;
  /** MHz, of the multiprocessors */
  clock: number | null;
  /** MHz */
  clock_limit: number | null;
  /** empty: nothing holds the clock back */
  throttle: readonly Throttle[] | null;
  /** memory errors since the driver was loaded, not corrected */
  ecc_errors: number | null;
  pcie: IGPUTraffic | null;
  /** over all links */
  nvlink: IGPUTraffic | null;
  /** such as `1g.10gb`: the device is this slice */
  mig_profile: string | null;
  peak: IGPUPeak | null;
  simulated: boolean;
}

/**
 * What this session may use of each device, where that is less than all of it.
 */
export interface IGPUShare {
  /** bytes */
  memory: number | null;
  /** percent of the multiprocessors */
  threads: number | null;
}

/** Memory of a session's container, in bytes. */
export interface IMemoryUse {
  /**
   * What programs hold; what the kernel keeps of files and can give up does not
   * count.
   */
  used: number;
  /**
   * With more, a program is killed. null: there is no limit, or it is not
   * known.
   */
  limit: number | null;
}

/** What a session's container computes, in cores. */
export interface ICPUUse {
  /** Mean over the last seconds. */
  used: number;
  /** null: there is no limit, or it is not known. */
  limit: number | null;
}

/**
 * The volume of a session's home folder, with what others keep on the same one.
 */
export interface IDiskUse {
  /** bytes */
  used: number;
  /** bytes that can be used in all */
  size: number;
  /**
   * How many files there are; null where the file system does not count them.
   */
  files: number | null;
  most_files: number | null;
}

/**
 * What a session uses of its container and its home folder; never the node's
 * figures.
 */
export interface ISessionUse {
  memory: IMemoryUse | null;
  cpu: ICPUUse | null;
  disk: IDiskUse | null;
}

/** All GPUs of a session at one moment, and what else it uses. */
export interface ITelemetryFrame {
  /** seconds since the Unix epoch */
  time: number;
  state: TelemetryState;
  /** seconds until the next frame */
  interval: number;
  reason: string | null;
  gpu_mode: string | null;
  gpus: readonly IGPU[];
  share: IGPUShare | null;
  use: ISessionUse | null;
}

/**
 * The past of one device: a value for each of the history's times, null where
 * unknown.
 */
export interface IGPUSeries {
  /** percent, mean over the step */
  utilization: readonly (number | null)[];
  /** bytes in use, highest in the step */
  memory: readonly (number | null)[];
  /** watts, mean over the step */
  power: readonly (number | null)[];
}

/** What was read of a session's GPUs over some time, by the devices' UUIDs. */
export interface ITelemetryHistory {
  /** seconds that one value stands for */
  step: number;
  /** seconds since the Unix epoch, ascending */
  times: readonly number[];
  gpus: Record<string, IGPUSeries>;
}

/**
 * What all devices of a session did between two moments, whoever made them do
 * it.
 */
export interface IGPUUsage {
  /** seconds since the Unix epoch */
  since: number;
  until: number;
  /** seconds that one value of the history stands for */
  step: number;
  /** utilization over time, summed over the devices; null if unknown */
  gpu_seconds: number | null;
  /** bytes in use, the most on any one device */
  memory_peak: number | null;
  /** the part of the span that is known, 0 to 1, of the device known best */
  covered: number;
}

/**
 * Names are for people to read. Times of a session are spans, in seconds, from
 * its start.
 */
export interface ISessionInfo {
  environment: string;
  version: string;
  size: string;
  team: string;
  /** Name of the named server; empty for the default one. */
  server: string;
  /** Seconds after which Kubernetes ends it; null is without end. */
  longest: number | null;
  /**
   * Seconds idle after which its person is warned; null is never, or not known.
   */
  idle_warn_after: number | null;
  /** Seconds idle after which it is stopped; null is never, or not known. */
  idle_stop_after: number | null;
}

/**
 * What a session answers about itself. Times are seconds since the Unix epoch.
 */
export interface ISessionStatus {
  /** null where the spawner of GPU Commons did not start it. */
  session: ISessionInfo | null;
  /** Since when its server runs. */
  started: number;
  /**
   * When Kubernetes ends it at the latest; null is never, or not known.
   *
   * Kubernetes counts from when the session came to its node: where an image
   * had to be fetched first, it ends that much sooner. The hub, which knows the
   * moment, sends a `Notice` in time.
   */
  ends: number | null;
}

/**
 * How urgent a notice is; Lab shows each in its own colour and with its own
 * icon.
 */
export type NoticeLevel = 'info' | 'warning' | 'error';

/** One answer that a notice offers: a button. `label` is its text. */
export interface INoticeChoice {
  id: string;
  label: string;
}

/** One notice. A later one with the same `id` replaces it. */
export interface INotice {
  id: string;
  text: string;
  level: NoticeLevel;
  ends_at: number | null;
  choices: readonly INoticeChoice[];
  /**
   * The id of what the person chose. Set by the session, never by who sends the
   * notice.
   */
  answer: string | null;
  /**
   * When, in seconds since the Unix epoch by the session's clock. Set by the
   * session too.
   */
  answered_at?: number;
}
