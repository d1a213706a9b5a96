import { createRequire } from 'node:module';
import { Comm } from 'zivm';

const required = createRequire(__filename)('zivm') as { Comm: typeof Comm };

void import('zivm').then((imported) => {
  const comms = [required.Comm, imported.Comm];
  console.log(comms.every((other) => other === Comm && other.world === Comm.world) ? 'one instance' : 'two instances');
});
