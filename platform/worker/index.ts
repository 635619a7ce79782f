/** Work outside of requests: jobs that are enqueued inside a transaction or run by the clock, tried until they succeed. */
export { startWorker, type Worker } from './worker.ts'
export { enqueue } from './enqueue.ts'
