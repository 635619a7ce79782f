import { setPriority } from 'node:os'
import { platform } from 'node:process'
import { parentPort } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/bcrypt'
import type { HashAnswer, HashWork } from './hash-pool.ts'

const NICE = 10

// On Linux the priority is the thread's own: hashing takes what requests and the database leave. Elsewhere it would be
// the whole process's.
if (platform === 'linux') setPriority(NICE)

/** Runs in a thread of its own: bcrypt blocks for a fifth of a second, which no request may wait for. */
parentPort?.on('message', (work: HashWork) => {
  const answer: HashAnswer =
    work.stored === undefined
      ? { hash: hashSync(work.input, { cost: work.cost, rejectLongPasswords: true }), matches: false }
      : { hash: '', matches: work.stored.map((stored) => verifySync(work.input, stored)).includes(true) }
  parentPort?.postMessage(answer, [])
})
