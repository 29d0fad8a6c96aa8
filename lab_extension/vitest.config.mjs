import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/__tests__/*.spec.ts'],
    setupFiles: ['src/__tests__/browser.setup.ts'],
    // JupyterLab's modules are loaded once for all files: most of the time went there.
    isolate: false,
    // They are written for bundlers: Node alone cannot read them.
    server: { deps: { inline: [/@jupyter/] } }
  }
});
