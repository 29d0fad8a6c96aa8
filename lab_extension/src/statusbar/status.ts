/** What the status bar says in a few characters, and in full. */
export interface IStatus {
  short: string;
  full: string;
}
