/* eslint-disable @typescript-eslint/naming-convention -- these are VS Code's names */
/**
 * What is used here of VS Code's timeline, an API that is proposed: extensions that VS Code contains
 * may use it, and images put this one among them. From vscode.proposed.timeline.d.ts of VS Code.
 */
declare module 'vscode' {
  export class TimelineItem {
    constructor(label: string, timestamp: number);
    /** milliseconds since the Unix epoch */
    timestamp: number;
    label: string;
    id?: string;
    iconPath?: ThemeIcon;
    description?: string;
    tooltip?: string;
    command?: Command;
    contextValue?: string;
  }

  export interface Timeline {
    readonly items: readonly TimelineItem[];
  }

  export interface TimelineProvider {
    readonly id: string;
    readonly label: string;
    provideTimeline(uri: Uri): ProviderResult<Timeline>;
  }

  export namespace workspace {
    export function registerTimelineProvider(
      scheme: readonly string[],
      provider: TimelineProvider
    ): Disposable;
  }
}

export {};
