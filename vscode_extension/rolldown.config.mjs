// VS Code gets one folder: what the session's editors share is in it, and nothing is installed there.
// What is imported with import() becomes a file of its own, which VS Code reads only when it is needed.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'src/extension.ts',
  external: ['vscode'],
  platform: 'node',
  output: {
    dir: 'out',
    format: 'cjs',
    minify: true,
    chunkFileNames: '[name].js'
  }
});
