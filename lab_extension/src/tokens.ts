/**
 * Shapes that cross between the server extension and what the page shows.
 *
 * They mirror gpucommons_contract: IFrame and what is in it its telemetry,
 * ISessionStatus its session, INotice its notices.
 */

/** Paths below the server's base URL. */
export const GPUS_ENDPOINT = 'gpucommons/api/gpus';
export const HISTORY_ENDPOINT = 'gpucommons/api/gpus/history';
export const PEAK_ENDPOINT = 'gpucommons/api/gpus/peak';
export const USAGE_ENDPOINT = 'gpucommons/api/gpus/usage';
export const SESSION_ENDPOINT = 'gpucommons/api/session';
export const NOTICE_ENDPOINT = 'gpucommons/api/notice';
export const ANSWER_ENDPOINT = 'gpucommons/api/notice/answer';
export const OUTPUTS_ENDPOINT = 'gpucommons/api/outputs';

/** The server's event that the list of notices is another one now. */
export const NOTICES_CHANGED =
  'https://gpucommons.io/events/notices-changed/v1';

/** Why a device runs below the clock it could have. */
export type Throttle = 'power' | 'thermal' | 'hardware' | 'setting';

/** Bytes per second over a link, as the device sees it. */
export interface ITraffic {
  received: number;
  sent: number;
}

/** Memory of one device in bytes. */
export interface IMemory {
  used: number;
  total: number;
  /** what this session's processes hold; null where nobody can tell */
  mine: number | null;
}

/** Who in this session a process on a device is, or descends from. */
export interface IHolder {
  kind: 'kernel' | 'terminal' | 'other';
  /** the kernel's id or the terminal's name */
  id: string | null;
  /** as the session's own terminals show it */
  pid: number;
  program: string;
}

/** A process on a device. */
export interface IProcess {
  /** as NVML gives it */
  pid: number;
  /** bytes */
  memory: number | null;
  /** null: it is not this session's, or nobody can tell */
  holder: IHolder | null;
}

/** One device. A figure that its driver does not give is null. */
export interface IGPU {
  index: number;
  uuid: string;
  name: string;
  /** percent */
  utilization: number | null;
  memory: IMemory | null;
  /** watts */
  power: number | null;
  /** watts */
  power_limit: number | null;
  /** degrees Celsius */
  temperature: number | null;
  processes: IProcess[] | null;
  /** MHz, of the multiprocessors */
  clock: number | null;
  /** MHz */
  clock_limit: number | null;
  /** empty: nothing holds the clock back */
  throttle: Throttle[] | null;
  /** memory errors that were not corrected, since the driver was loaded */
  ecc_errors: number | null;
  pcie: ITraffic | null;
  /** over all links */
  nvlink: ITraffic | null;
  /** such as 1g.10gb: the device is this slice */
  mig_profile: string | null;
  /** bytes: the most seen in use, since the person set it back and ever */
  peak: { memory: number; since_start: number } | null;
  simulated: boolean;
}

/** What the session may use of each device, where that is less than all of it. */
export interface IShare {
  /** bytes */
  memory: number | null;
  /** percent of the multiprocessors */
  threads: number | null;
}

/** All devices at one moment. */
export interface IFrame {
  /** seconds since the Unix epoch */
  time: number;
  state: 'ok' | 'no-gpu' | 'failed';
  /** a sentence for a person, unless ok */
  reason: string | null;
  /** seconds until the next frame */
  interval: number;
  gpu_mode: string | null;
  gpus: IGPU[];
  share: IShare | null;
}

/** Figures of a device over time; null where they are not known. */
export interface ISeries {
  /** percent, mean over the step */
  utilization: readonly (number | null)[];
  /** bytes in use, highest in the step */
  memory: readonly (number | null)[];
  /** watts, mean over the step */
  power: readonly (number | null)[];
}

/** The past as the server tells it; devices by their UUIDs. */
export interface IServerHistory {
  /** seconds that one value stands for */
  step: number;
  /** seconds since the Unix epoch, ascending */
  times: number[];
  gpus: Record<string, ISeries>;
}

/** What all devices did between two moments, whoever made them do it. */
export interface IUsage {
  /** seconds since the Unix epoch */
  since: number;
  until: number;
  /** seconds that a reading stands for */
  step: number;
  /** utilization over time, summed; null if not known */
  gpu_seconds: number | null;
  /** bytes in use, the most on any one device */
  memory_peak: number | null;
  /** the part of the time that is known, 0 to 1 */
  covered: number;
}

/** What was picked. Spans are seconds. */
export interface ISession {
  environment: string;
  version: string;
  size: string;
  team: string;
  /** name of a named server */
  server: string;
  idle_warn_after: number | null;
  idle_stop_after: number | null;
}

/** What the session is. Times are seconds since the Unix epoch. */
export interface ISessionStatus {
  /** null where the spawner of GPU Commons did not start it */
  session: ISession | null;
  started: number;
  /** when it ends at the latest; null is never, or not known */
  ends: number | null;
}

/**
 * How the stream stands. Waiting is connecting for longer than usual; closed is
 * that nobody looks.
 */
export type Connection = 'closed' | 'connecting' | 'waiting' | 'live' | 'lost';

/** What there is to show now. */
export interface ITelemetry {
  connection: Connection;
  /** HTTP status with which the server refused the stream, if it answered at all */
  refusal: number | null;
  frame: IFrame | null;
  /** whether frames come long after they were made, as through a proxy that keeps them back */
  late: boolean;
}

/** Something that the person in the session has to know. */
export interface INotice {
  id: string;
  text: string;
  level: 'info' | 'warning' | 'error';
  /** seconds since the Unix epoch, when what it warns of comes about */
  ends_at: number | null;
  /** answers that it offers */
  choices: INoticeChoice[];
  /** the id of what the person chose */
  answer: string | null;
}

/** An answer that a notice offers. */
export interface INoticeChoice {
  id: string;
  /** what stands on its button */
  label: string;
}
