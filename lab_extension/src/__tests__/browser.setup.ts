/** What JupyterLab asks of a browser when it is loaded, and jsdom does not have. */
if (typeof window !== 'undefined') {
  window.DragEvent ??= class extends MouseEvent {} as typeof DragEvent;
  window.requestIdleCallback ??= act =>
    window.setTimeout(() => {
      act({ didTimeout: false, timeRemaining: () => 1 });
    });
  window.matchMedia ??= media =>
    ({
      media,
      matches: false,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined
    }) as unknown as MediaQueryList;
}
