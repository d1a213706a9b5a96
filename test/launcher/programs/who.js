// Says what it was started as: everything a program can see of it.
const lines = [];
process.stdin.setEncoding('utf8').on('data', (text) => lines.push(text));
process.stdin.on('end', () => {
  const { ZIVM_RANK: rank, ZIVM_SIZE: size, COLOUR: colour } = process.env;
  const [, ...argv] = process.argv;
  console.log(JSON.stringify({ pid: process.pid, argv, isMain: require.main === module, id: module.id, cwd: process.cwd(), rank, size, colour, input: lines.join('') }));
  process.exit(Number(rank));
});
