/** A thread that tries bogus sign-ins from many networks: `go` begins, `stop` ends and brings how they were answered. */
import { parentPort, workerData } from 'node:worker_threads'
import { doorFrom, type Door, type DoorPlace } from './flood-door.ts'

const BOGUS_PER_SECOND = 200
/** So many networks that none reaches its budget at the gateway. */
const NETWORKS = 450
const OPENED_AT_ONCE = 10

const doors = Array.from({ length: NETWORKS }, (_, at) =>
  doorFrom(workerData as DoorPlace, `127.${1 + (at >> 8)}.${at & 255}.1`),
)
const answers = new Map<number, number>()
const underWay = new Set<Promise<void>>()
let timer: NodeJS.Timeout | undefined

function count(status: number): void {
  answers.set(status, (answers.get(status) ?? 0) + 1)
}

async function tryOne(door: Door, number: number): Promise<void> {
  const body = JSON.stringify({ email: `nobody-${number}@sample.example`, password: 'Wrong-pass-2026' })
  try {
    count(await door.ask('POST', '/api/access/sign-in', body))
  } catch {
    // A connection that was cut is an answer as well: 0.
    count(0)
  }
}

function flood(): void {
  let tried = 0
  const started = performance.now()
  timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1000) * BOGUS_PER_SECOND)
    for (; tried < due; tried += 1) {
      const door = doors[tried % doors.length]
      if (door !== undefined) underWay.add(tryOne(door, tried))
    }
  }, 5)
}

parentPort?.on('message', (word: 'go' | 'stop') => {
  if (word === 'go') return flood()
  clearInterval(timer)
  return void Promise.all(underWay).then(() => parentPort?.postMessage(answers, []))
})

// Connections stand before the flood: it is of sign-ins, not of handshakes.
for (let at = 0; at < doors.length; at += OPENED_AT_ONCE)
  await Promise.allSettled(doors.slice(at, at + OPENED_AT_ONCE).map((door) => door.ask('GET', '/healthz')))
parentPort?.postMessage('ready', [])
