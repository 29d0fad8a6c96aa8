/** What somebody can do in the panel; see plugin.ts. */
export interface IEarlierActions {
  /** Opens what is at a path of the home folder; null where JupyterLab cannot show it. */
  open: (path: string) => (() => void) | null;
  /** Shows what the chosen file contained. */
  preview: () => void;
  /** Shows how the chosen file differs now. */
  compare: () => void;
  putFileBack: (inPlace: boolean) => void;
  putFolderBack: (path: string, inPlace: boolean) => void;
  putTrashedBack: (id: string) => void;
}
