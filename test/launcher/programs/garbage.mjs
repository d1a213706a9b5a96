import 'zivm';

console.log(process.execArgv.includes('--single-threaded-gc') ? 'alone' : 'with help');
