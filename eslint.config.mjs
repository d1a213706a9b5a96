import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'node_modules/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Indices that a loop has checked, and what the layout guarantees.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // What a user operation or a rank throws is passed on as it is.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    files: ['src/comm/**/*.ts', 'src/ring/**/*.ts', 'src/collectives/**/*.ts'],
    // Few messages are received in two steps.
    ignores: ['src/comm/message.ts'],
    rules: {
      // V8 puts undefined into such a field before the constructor does something, and so never knows of what kind the values are that come.
      'no-restricted-syntax': [
        'error',
        {
          selector: "PropertyDefinition[key.type='PrivateIdentifier'][value=null]",
          message: 'Say `private`, or give an initial value: else compiled code has to look at what it finds in the field, each time.',
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { module: 'writable', require: 'readonly', process: 'readonly', console: 'readonly', __dirname: 'readonly' } },
  },
);
