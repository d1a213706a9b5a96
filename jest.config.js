/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/compile-programs.js',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' }, transform: { useDefineForClassFields: false } } },
    ],
  },
  moduleNameMapper: { '^zivm$': '<rootDir>/src/index.ts' },
  // Tests start many processes of their own: two at a time are enough for any machine.
  maxWorkers: 2,
  // Watchdog: nothing in a test has a time limit, but nothing may hang either.
  testTimeout: 180_000,
};
