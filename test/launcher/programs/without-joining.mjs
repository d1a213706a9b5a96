// Ends without a look at zivm: with the exit code that it is told to, or none.
process.exitCode = Number(process.argv[2] ?? 0);
