/**
 * Shapes that cross between the server extension and what the page shows.
 *
 * IFrame and IGPU mirror gpucommons_contract.telemetry, INotice its notices.
 */

/** Path of the telemetry endpoint below the server's base URL. */
export const GPUS_ENDPOINT = 'gpucommons/api/gpus';

/** Path of the notices below the server's base URL. */
export const NOTICE_ENDPOINT = 'gpucommons/api/notice';

/** The server's event that the list of notices is another one now. */
export const NOTICES_CHANGED =
  'https://gpucommons.io/events/notices-changed/v1';

/** One device. A figure that its driver does not give is null. */
export interface IGPU {
  index: number;
  uuid: string;
  name: string;
  /** percent */
  utilization: number | null;
  /** bytes */
  memory: { used: number; total: number } | null;
  /** watts */
  power: number | null;
  /** watts */
  power_limit: number | null;
  /** degrees Celsius */
  temperature: number | null;
  /** memory in bytes */
  processes: { pid: number; memory: number | null }[] | null;
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
}

/** Utilisation at one moment. */
export interface ISample {
  /** seconds since the Unix epoch */
  time: number;
  /** percent */
  utilization: number;
}

/** Samples of the last minutes, by the device's UUID. */
export type History = ReadonlyMap<string, readonly ISample[]>;

/** How the stream stands. */
export type Connection = 'closed' | 'connecting' | 'live' | 'lost';

/** What there is to show. */
export interface ITelemetry {
  connection: Connection;
  /** HTTP status with which the server refused the stream, if it answered at all */
  refusal: number | null;
  frame: IFrame | null;
  history: History;
}

/** Something that the person in the session has to know. */
export interface INotice {
  id: string;
  text: string;
  level: 'info' | 'warning' | 'error';
  /** seconds since the Unix epoch, when what it warns of comes about */
  ends_at: number | null;
}
