/** The session's server answered, but not with what was asked for. */
export class RefusedError extends Error {
  readonly status: number;
  /** What the server says about it, for people; undefined where it says nothing. */
  readonly reason: string | undefined;

  constructor(status: number, reason?: string) {
    super(`The server refused with status ${status}.`);
    this.status = status;
    this.reason = reason;
  }
}
