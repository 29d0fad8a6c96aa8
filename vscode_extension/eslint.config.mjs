// The same tools as the panel's, installed once beside it.
import { createRequire } from 'node:module';

const require = createRequire(
  new URL('../lab_extension/package.json', import.meta.url)
);
const eslint = require('@eslint/js');
const prettier = require('eslint-config-prettier');
const tseslint = require('typescript-eslint');

export default tseslint.config(
  eslint.configs.recommended,
  tseslint.configs.strict,
  prettier,
  {
    languageOptions: {
      sourceType: 'commonjs',
      globals: Object.fromEntries(
        [
          ...['clearInterval', 'clearTimeout', 'module', 'process', 'require'],
          ...['setImmediate', 'setInterval', 'setTimeout', 'URL']
        ].map(name => [name, 'readonly'])
      )
    },
    rules: {
      '@typescript-eslint/no-require-imports': 'off', // what VS Code loads is CommonJS
      '@typescript-eslint/no-extraneous-class': 'off', // a constructor may set up much
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module' } }
);
