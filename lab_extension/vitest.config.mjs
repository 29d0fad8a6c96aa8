import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/__tests__/**/*.spec.ts'],
    // JupyterLab's modules are written for bundlers: Node alone cannot read them.
    server: { deps: { inline: [/@jupyterlab/] } }
  }
});
