// The same tools as the panel's, installed once in its folder.
import { createRequire } from 'node:module';

const require = createRequire(
  new URL('../lab_extension/package.json', import.meta.url)
);
const eslint = require('@eslint/js');
const prettier = require('eslint-config-prettier');
const tseslint = require('typescript-eslint');

export default tseslint.config(
  { ignores: ['out'] },
  eslint.configs.recommended,
  tseslint.configs.strict,
  prettier,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { URL: 'readonly' } }
  }
);
