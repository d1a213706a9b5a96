import { Comm } from 'zivm';

/* A tour of what a rank can do with itself. */

const comm = Comm.world;
const { rank, size } = comm;

const received = new Float64Array(3);
const request = comm.irecv(received, 0, 7);
comm.send(Float64Array.of(1.5, 2.5, 3.5), 0, 7);
const { source, tag } = request.wait();

const pending = comm.irecvObject<Map<string, number>>();
comm.sendObject(new Map([['answer', 42]]), 0);

comm.barrier();
const sum = comm.allreduce(5);

void pending.then((object) => {
  console.log(JSON.stringify({ rank, size, received: [...received], source, tag, answer: object.get('answer'), sum }));
});
