const console = require('node:console');
const { Comm } = require('zivm');

void import('zivm').then((imported) => {
  console.log(Comm === imported.Comm && Comm.world === imported.Comm.world ? 'one instance' : 'two instances');
});
