import { createRequire } from 'node:module';
import { Comm } from 'zivm';

const required = createRequire(import.meta.url)('zivm');
console.log(Comm === required.Comm && Comm.world === required.Comm.world ? 'one instance' : 'two instances');
