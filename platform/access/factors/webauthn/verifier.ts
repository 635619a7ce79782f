import { Worker } from 'node:worker_threads'
import type { KeyMakes, KeyRefusal } from './ceremony.ts'
import type { AssertionResponse, AttestationResponse } from './responses.ts'
import type { Site } from './site.ts'
import type { KeyProof, NewKey } from './verification.ts'

interface Asked {
  readonly id: number
  readonly site: Site
  readonly challenge: string
}

/** What the thread is asked. */
export type VerifierWork = Asked &
  (
    | { readonly response: AssertionResponse; readonly publicKey: Uint8Array }
    | { readonly response: AttestationResponse; readonly makes: KeyMakes | undefined }
  )

/** What it answers. */
export type VerifierAnswer = { readonly id: number } & (
  | { readonly proof: KeyProof | null }
  | { readonly key: NewKey | KeyRefusal }
)

/** Verifies what authenticators answer. */
export interface Verifier {
  /** The proof in an answer; null when anything of it is not right. The caller compares the counter. */
  proof(
    site: Site,
    response: AssertionResponse,
    challenge: string,
    publicKey: Buffer,
  ): Promise<KeyProof | null>
  /** The new credential in an answer, or why it is not accepted. */
  newKey(
    site: Site,
    response: AttestationResponse,
    challenge: string,
    makes: KeyMakes | undefined,
  ): Promise<NewKey | KeyRefusal>
  close(): Promise<void>
}

interface Pending {
  resolve(answer: VerifierAnswer): void
  reject(error: Error): void
}

/** The thread ends when it was not needed for this long. */
const IDLE_MS = 10_000
/** What authenticators send is small; whatever needs more memory than this is an attack. */
const HEAP_MB_MAX = 96

/** Opens the verifier; its thread starts at first use. */
export function openVerifier(): Verifier {
  return new Thread()
}

class Thread implements Verifier {
  readonly #pending = new Map<number, Pending>()
  #asked = 0
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined

  async proof(
    site: Site,
    response: AssertionResponse,
    challenge: string,
    publicKey: Buffer,
  ): Promise<KeyProof | null> {
    const id = this.#next()
    const answer = await this.#ask({ id, site, response, challenge, publicKey: Uint8Array.from(publicKey) })
    if (!('proof' in answer)) throw new Error('the verifier answered another question')
    return answer.proof
  }

  async newKey(
    site: Site,
    response: AttestationResponse,
    challenge: string,
    makes: KeyMakes | undefined,
  ): Promise<NewKey | KeyRefusal> {
    const answer = await this.#ask({ id: this.#next(), site, response, challenge, makes })
    if (!('key' in answer)) throw new Error('the verifier answered another question')
    if (typeof answer.key === 'string') return answer.key
    const { credentialId, publicKey, ...rest } = answer.key
    // Bytes arrive from a thread without Node's own kind of array.
    return { ...rest, credentialId: Buffer.from(credentialId), publicKey: Buffer.from(publicKey) }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const closing = this.#worker
    this.#fail(new Error('the verifier is closed'))
    await closing?.terminate()
  }

  #next(): number {
    this.#asked += 1
    return this.#asked
  }

  #ask(work: VerifierWork): Promise<VerifierAnswer> {
    clearTimeout(this.#idle)
    this.#worker ??= this.#start()
    const worker = this.#worker
    worker.ref()
    return new Promise((resolve, reject) => {
      this.#pending.set(work.id, { resolve, reject })
      worker.postMessage(work, [])
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    })
    worker.on('message', (answer: VerifierAnswer) => {
      const one = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if (this.#pending.size === 0) this.#rest(worker)
      one?.resolve(answer)
    })
    // A thread that dies fails its own work; the next work starts another one.
    worker.on('error', (error: Error) => {
      if (this.#worker === worker) this.#fail(error)
    })
    return worker
  }

  /** An idle thread neither stays for long nor keeps the process alive. */
  #rest(worker: Worker): void {
    worker.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.#worker === worker) this.#worker = undefined
      void worker.terminate()
    }, IDLE_MS).unref()
  }

  #fail(error: Error): void {
    this.#worker = undefined
    for (const one of this.#pending.values()) one.reject(error)
    this.#pending.clear()
  }
}
