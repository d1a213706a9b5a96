import { join } from 'node:path';
import { Child, killChildren } from './child';

afterEach(killChildren);

test('compiled code calls copies and kernels directly, and they do the same as ever', async () => {
  await new Child(join(__dirname, 'programs/compiled-calls.ts')).success();
});
