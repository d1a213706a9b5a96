export { Comm } from './comm/comm';
