import { Worker } from 'node:worker_threads'
import { Problem } from '../../kernel/problem.ts'
import { openFairLine, type FairLine, type Place } from './fair-line.ts'

/** What a thread is asked: a new hash at `cost`, or whether any of `stored` matches (all are tried). */
export interface HashWork {
  readonly input: string
  readonly cost: number
  readonly stored?: readonly string[]
}

/** What it answers. */
export interface HashAnswer {
  readonly hash: string
  readonly matches: boolean
}

/** Threads that hash, with a short line in front of them. */
export interface HashPool {
  /**
   * Does the work when it is the turn of `network`. Throws `request.too-many` when that network has its share waiting,
   * `access.busy` when the whole line is full.
   */
  run(work: HashWork, network?: string): Promise<HashAnswer>
  /** Throws what `run` would throw now, so that whoever is refused costs nothing else. */
  requireRoom(network: string): void
  close(): Promise<void>
}

interface Waiting {
  readonly work: HashWork
  resolve(answer: HashAnswer): void
  reject(error: Error): void
}

interface Seat {
  readonly worker: Worker
  serving: Waiting | undefined
  idle?: NodeJS.Timeout
}

/** Hashes that wait at most. */
export const QUEUE_MAX = 32
/** One network's places in the line: a flood from there leaves three quarters to others. */
export const SHARE_MAX = 8
const WORKERS = 2
/** About how many hashes a thread finishes in a second, for telling when to come back. */
const HASHES_PER_SECOND = 4
/** A thread holds some 20 MB, which come back when nobody has signed in for so long. */
const IDLE_MS = 10_000

/** Opens the pool; threads start when they are needed and end when they are not for 10 seconds. More than 32 waiting are refused, so that a flood cannot pile up. */
export function openHashPool({
  workersMax = WORKERS,
  queueMax = QUEUE_MAX,
  shareMax = SHARE_MAX,
  idleMs = IDLE_MS,
} = {}): HashPool {
  return new Threads(workersMax, { max: queueMax, shareMax }, idleMs)
}

function busy(code: 'request.too-many' | 'access.busy', workersMax: number, waiting: number): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil(waiting / (workersMax * HASHES_PER_SECOND)))
  return new Problem(code, 'Too many people sign in at this moment.', { retryAfterSeconds })
}

class Threads implements HashPool {
  readonly #workersMax: number
  readonly #idleMs: number
  readonly #seats = new Set<Seat>()
  readonly #line: FairLine<Waiting>
  #closed = false

  constructor(workersMax: number, line: { readonly max: number; readonly shareMax: number }, idleMs: number) {
    this.#workersMax = workersMax
    this.#idleMs = idleMs
    this.#line = openFairLine(line, (one) => one.reject(busy('request.too-many', workersMax, line.max)))
  }

  run(work: HashWork, network = ''): Promise<HashAnswer> {
    if (this.#closed) return Promise.reject(new Error('the hash pool is closed'))
    return new Promise((resolve, reject) => {
      const place = this.#line.join(network, { work, resolve, reject })
      if (place === 'taken') this.#admit()
      else reject(this.#refusal(place))
    })
  }

  requireRoom(network: string): void {
    const place = this.#line.room(network)
    if (place !== 'taken') throw this.#refusal(place)
  }

  #refusal(place: Exclude<Place, 'taken'>): Problem {
    const code = place === 'full' ? 'access.busy' : 'request.too-many'
    return busy(code, this.#workersMax, this.#line.length)
  }

  async close(): Promise<void> {
    this.#closed = true
    const serving = [...this.#seats].flatMap((seat) => seat.serving ?? [])
    for (const one of [...this.#line.clear(), ...serving]) one.reject(new Error('the hash pool is closed'))
    for (const seat of this.#seats) clearTimeout(seat.idle)
    await Promise.all([...this.#seats].map((seat) => seat.worker.terminate()))
  }

  #admit(): void {
    const free = [...this.#seats].find((seat) => seat.serving === undefined)
    if (free !== undefined) this.#serveNext(free)
    else if (this.#seats.size < this.#workersMax && this.#line.length > 0) this.#serveNext(this.#newSeat())
  }

  #newSeat(): Seat {
    const seat: Seat = {
      worker: new Worker(new URL('./hash-worker.ts', import.meta.url)),
      serving: undefined,
    }
    this.#seats.add(seat)
    seat.worker.on('message', (answer: HashAnswer) => {
      seat.serving?.resolve(answer)
      this.#serveNext(seat)
    })
    // A thread that dies fails its own work; the rest of the line goes on in a new one.
    seat.worker.on('error', (error: Error) => {
      seat.serving?.reject(error)
      this.#seats.delete(seat)
      if (!this.#closed) this.#admit()
    })
    return seat
  }

  #serveNext(seat: Seat): void {
    const next = this.#line.next()
    seat.serving = next
    clearTimeout(seat.idle)
    if (next === undefined) return this.#rest(seat)
    seat.worker.ref()
    seat.worker.postMessage(next.work, [])
  }

  /** An idle thread neither stays for long nor keeps the process alive. */
  #rest(seat: Seat): void {
    seat.worker.unref()
    seat.idle = setTimeout(() => {
      this.#seats.delete(seat)
      void seat.worker.terminate()
    }, this.#idleMs).unref()
  }
}
