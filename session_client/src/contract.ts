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
  SESSION_ACTIVITY: 'gpucommons/api/activity',
  SESSION_FOLDERS: 'gpucommons/api/home/folders',
  SESSION_TRASH: 'gpucommons/api/home/trash',
  SESSION_EARLIER: 'gpucommons/api/earlier',
  SESSION_RESTORES: 'gpucommons/api/earlier/restores',
  SESSION_SNAPSHOT_WISH: 'gpucommons/api/earlier/wish',
  SESSION_TRASHED: 'gpucommons/api/home/trashed'
} as const;

/** Environment variables that the hub's spawner sets in a session. */
export const SessionVariable = {
  LANGUAGE: 'GPUCOMMONS_LANGUAGE',
  FILES_URL: 'GPUCOMMONS_FILES_URL'
} as const;

/**
 * GPU modes in which other sessions work on the same device; see
 * `SessionVariable.GPU_MODE`.
 */
export const SHARED_GPU_MODES: readonly string[] = ['mps', 'timeslice', 'hami'];

/** Id of the notice that the session is being stopped now. */
export const ENDING_NOTICE = 'ending';

/**
 * Id of the notice in which a session says that its home folder is full, nearly
 * full or broken.
 */
export const HOME_NOTICE = 'home';

/**
 * Prefix of a choice that keeps the session, before the number of seconds:
 * `keep-3600`.
 */
export const KEEP_CHOICE = 'keep-';

/**
 * Id of the notice in which a session says that its memory is full or nearly
 * full.
 */
export const MEMORY_NOTICE = 'memory';

/**
 * Id of the event with which a session's server asks open pages to read its
 * notices again.
 */
export const NOTICES_CHANGED =
  'https://gpucommons.io/events/notices-changed/v1';

/** Whether the session can read its GPUs. */
export type TelemetryState = 'ok' | 'no-gpu' | 'failed';

/** Why a device runs below its highest clock. Idling does not count. */
export type Throttle = 'power' | 'thermal' | 'hardware' | 'setting';

/** Which part of a session a process belongs to. */
export type HolderKind = 'kernel' | 'terminal' | 'other';

/** Memory of one device in bytes, as NVML counts it. */
export interface IGPUMemory {
  used: number;
  total: number;
  /**
   * What this session's processes use; null where unknown, 0 where none is on
   * the device.
   */
  mine: number | null;
}

/** The most memory seen in use on a device, in bytes, while it was read. */
export interface IGPUPeak {
  memory: number;
  /** As `memory`, but never reset by the person. */
  since_start: number;
}

/** Bytes per second over a link, as the device sees it. */
export interface IGPUTraffic {
  received: number;
  sent: number;
}

/** The part of this session that a process on a device is, or descends from. */
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
  /** null: it does not belong to this session, or its owner is unknown. */
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
  /** empty: nothing reduces the clock */
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
 * The part of each device that this session may use, where that is less than
 * all of it.
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
   * What programs use; the kernel's cache of files, which it can give up, does
   * not count.
   */
  used: number;
  /**
   * Above it, a program is killed. null: there is no limit, or it is unknown.
   */
  limit: number | null;
}

/** What a session's container computes, in cores. */
export interface ICPUUse {
  /** Mean over the last seconds. */
  used: number;
  /** null: there is no limit, or it is unknown. */
  limit: number | null;
}

/** The volume of a session's home folder, including what others keep on it. */
export interface IDiskUse {
  /** bytes */
  used: number;
  /** bytes that can be used in total */
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
  /** seconds covered by one value */
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
  /** seconds covered by one value of the history */
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
 * What a session reports about itself. Times are seconds since the Unix epoch.
 */
export interface ISessionStatus {
  /** null if the spawner of GPU Commons did not start it. */
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
 * One folder of a home folder, with all that is in it on the same file system.
 */
export interface IFolderSize {
  /** As people read it; empty for files that are in none of its folders. */
  name: string;
  /** Where JupyterLab opens it; null where it cannot, as hidden folders. */
  path: string | null;
  /** bytes on the disk */
  size: number;
  /** With folders and links, as they count towards a limit of files. */
  files: number;
}

/** What takes the room in a home folder, the largest first. */
export interface IFolderSizes {
  folders: readonly IFolderSize[];
  /** What was deleted, and still takes room. No folder above counts it. */
  trash: IFolderSize;
  /**
   * Whether all was counted. If the time ran out, the true figures are larger.
   */
  complete: boolean;
  /** seconds since the Unix epoch */
  counted_at: number;
}

/** What emptying the trash came to. */
export interface ITrashEmptied {
  /** bytes */
  freed: number;
  /** How many files and folders could not be deleted. */
  left: number;
  /** Why the first of these could not be. */
  reason: string | null;
}

/** A snapshot of the workspace. */
export interface IEarlierSnapshot {
  id: string;
  /** seconds since the Unix epoch */
  time: number;
  files: number | null;
  bytes: number | null;
  /**
   * False where something could not be read when it was taken; null where that
   * is not known.
   */
  complete: boolean | null;
}

/** The snapshots that there are, newest first. */
export interface IEarlierSnapshots {
  snapshots: readonly IEarlierSnapshot[];
}

/** A file as it was in a snapshot. */
export interface IEarlierVersion {
  snapshot: string;
  /** of the snapshot, in seconds since the Unix epoch */
  time: number;
  /** bytes */
  size: number;
}

/**
 * A file's versions, newest first: for each content the latest snapshot with
 * it.
 */
export interface IEarlierVersions {
  versions: readonly IEarlierVersion[];
  /** Whether all snapshots were looked at. */
  complete: boolean;
}

/** What a folder had in a snapshot. */
export interface IEarlierEntry {
  /** Its bytes, percent-encoded. */
  name: string;
  /** The name as people read it. */
  text: string;
  /** `file`, `dir`, `symlink` or `other`. */
  kind: string;
  /** bytes */
  size: number;
  snapshot: string;
  /** of the snapshot, in seconds since the Unix epoch */
  time: number;
  /** Whether there is something of that name now. */
  present: boolean;
  /** Whether that is of another kind, or a file of another size or time. */
  changed: boolean;
}

/** What a folder had, by name. */
export interface IEarlierFolder {
  entries: readonly IEarlierEntry[];
  /** Whether these are all. */
  complete: boolean;
}

/** Where a version is now. Paths are absolute, as people read them. */
export interface IPutBack {
  path: string;
  /**
   * Where the content is that it replaced; null if there was none, or the same.
   */
  kept: string | null;
}

/** Something that is not in a snapshot. */
export interface ILeftOutEntry {
  /** As people read it, relative to the home folder. */
  path: string;
  /**
   * `cache`, `trash`, `environment`, `marked`, `too-large`, `unfinished`,
   * `database` or `chosen`.
   */
  reason: string;
  /** bytes */
  size: number;
  files: number;
}

/**
 * What is not in a snapshot, and what changed while it was taken. Paths as
 * people read them.
 */
export interface ISnapshotNotes {
  /** The largest first. */
  not_kept: readonly ILeftOutEntry[];
  unreadable: readonly string[];
  moving: readonly string[];
  /** Whether these are all. */
  complete: boolean;
}

/** How far something is that is put back. */
export type PuttingBackState = 'running' | 'done' | 'failed' | 'cancelled';

/** Something that is put back, or was. */
export interface IPuttingBack {
  id: string;
  /** What was asked for; empty for the whole home folder. */
  path: string;
  state: PuttingBackState;
  /** Bytes that have come. */
  done: number;
  /** Bytes of all files; null until that is known. */
  size: number | null;
  /** Where it is now; null where it is not back. */
  target: string | null;
  /**
   * Where that is which was in its place; null if there was nothing, or the
   * same.
   */
  kept: string | null;
  /** Why it failed, for the person. */
  message: string | null;
}

/** The snapshot that the person asked for last. */
export interface ISnapshotWish {
  /** Whether one can be asked for. */
  available: boolean;
  /** `waiting`, `done` or `failed`; null where nobody has asked. */
  state: string | null;
  /** Its id, once it is done; empty where there was nothing to keep. */
  snapshot: string;
  /** Why it failed: `no-workspace`, `after-session` or `no-snapshot`. */
  reason: string;
}

/** Something in the trash of the home folder. */
export interface ITrashedEntry {
  id: string;
  /** Where it was, relative to the home folder, percent-encoded. */
  path: string;
  is_folder: boolean;
  /** Bytes of a file; null for a folder. */
  size: number | null;
  /** When, in the session's own time, ISO 8601 without a zone. */
  deleted: string;
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
   * The id of what the person chose. Set by the session, never by the sender.
   */
  answer: string | null;
  /**
   * When, in seconds since the Unix epoch by the session's clock. Set by the
   * session too.
   */
  answered_at?: number;
}
