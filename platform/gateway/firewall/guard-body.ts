import { Problem } from '../../kernel/problem.ts'
import type { NodeRequest } from '../exchange.ts'

/** A request's body, arrived whole. */
export interface HeldBody {
  readonly parts: readonly Uint8Array[]
  readonly bytes: number
  /** Gives its room back once nobody needs it any more. */
  release(): void
}

/** How much of requests and answers is held in memory at once, by all clients and by each. */
export interface BodyRoom {
  /** Takes room until the returned function is called; throws `firewall.busy` when there is none left. */
  take(client: string, bytes: number): () => void
  /** Bytes taken now. */
  taken(): number
}

/** Seconds after which a client may try again that found no room. */
const AGAIN_SECONDS = 5

/** Opens the room. One client network has at most its share, so that nobody can shut out everybody. */
export function openBodyRoom(bytesMax: number, bytesPerClientMax: number): BodyRoom {
  const clients = new Map<string, number>()
  let total = 0
  return {
    taken: () => total,
    take: (client, bytes) => {
      const before = clients.get(client) ?? 0
      if (total + bytes > bytesMax || before + bytes > bytesPerClientMax)
        throw new Problem('firewall.busy', 'Too much is being uploaded at this moment.', {
          retryAfterSeconds: AGAIN_SECONDS,
        })
      total += bytes
      clients.set(client, before + bytes)
      let held = true
      return () => {
        if (!held) return
        held = false
        total -= bytes
        const left = (clients.get(client) ?? bytes) - bytes
        if (left > 0) clients.set(client, left)
        else clients.delete(client)
      }
    },
  }
}

/** Whether a request has a body: HTTP/1.1 says so in its headers, an HTTP/2 stream by not having ended; a tunnel is none. */
export function hasBody(incoming: NodeRequest): boolean {
  if (incoming.method === 'CONNECT') return false
  if ('stream' in incoming) return !incoming.stream.endAfterHeaders
  const length = incoming.headers['content-length']
  return incoming.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** A body of no bytes. */
export const emptyBody: HeldBody = { parts: [], bytes: 0, release: () => {} }

/** Bytes of one block; the first of a body of unknown length is smaller. */
const BLOCK_BYTES = 64 * 1024
const FIRST_BLOCK_BYTES = 4 * 1024

/**
 * Reads a body whole, at most `bytesMax` of it. It is copied into blocks, because a sender decides how small its pieces
 * are, and each piece would cost more than its bytes.
 */
export function holdBody(
  incoming: NodeRequest,
  want: { readonly bytesMax: number; readonly client: string; readonly room: BodyRoom },
): Promise<HeldBody> {
  const declared = Number(incoming.headers['content-length'] ?? 0)
  if (declared > want.bytesMax) return Promise.reject(tooLarge(want.bytesMax))
  const blocks = openBlocks(want, declared)
  return new Promise((resolve, reject) => {
    const take = (chunk: Uint8Array): void => {
      try {
        if (blocks.bytes() + chunk.length > want.bytesMax) throw tooLarge(want.bytesMax)
        blocks.add(chunk)
      } catch (error) {
        fail(error)
      }
    }
    const fail = (error: unknown): void => {
      settle()
      blocks.release()
      // What still comes is read and dropped, so that the client gets to read its answer.
      incoming.resume()
      reject(error instanceof Error ? error : new Error('a body could not be held', { cause: error }))
    }
    const cut = (): void => fail(new Problem('request.malformed', 'The body did not arrive whole.'))
    const whole = (): void => {
      settle()
      resolve({ parts: blocks.parts(), bytes: blocks.bytes(), release: blocks.release })
    }
    const settle = (): void => {
      incoming.off('data', take).off('end', whole).off('close', cut)
    }
    incoming.on('data', take).once('end', whole).once('close', cut)
    // Without a listener a client that leaves would end the process; `close` follows.
    incoming.once('error', () => {})
    if (incoming.destroyed) cut()
  })
}

function tooLarge(bytesMax: number): Problem {
  return new Problem('request.too-large', `A body of at most ${bytesMax} bytes is taken here.`)
}

interface Blocks {
  add(chunk: Uint8Array): void
  bytes(): number
  parts(): readonly Uint8Array[]
  release(): void
}

function openBlocks(
  { room, client, bytesMax }: { readonly bytesMax: number; readonly client: string; readonly room: BodyRoom },
  declared: number,
): Blocks {
  const blocks: Buffer[] = []
  const releases: (() => void)[] = []
  let [block, used, total] = [Buffer.alloc(0), 0, 0]
  const next = (): void => {
    const first = blocks.length === 0 ? FIRST_BLOCK_BYTES : BLOCK_BYTES
    const size = Math.min(declared > total ? declared - total : first, BLOCK_BYTES, bytesMax - total)
    releases.push(room.take(client, size))
    block = Buffer.allocUnsafeSlow(size)
    blocks.push(block)
    used = 0
  }
  return {
    bytes: () => total,
    add: (chunk) => {
      for (let from = 0; from < chunk.length;) {
        if (used === block.length) next()
        const size = Math.min(chunk.length - from, block.length - used)
        block.set(chunk.subarray(from, from + size), used)
        from += size
        used += size
        total += size
      }
    },
    parts: () => [...blocks.slice(0, -1), block.subarray(0, used)].filter((part) => part.length > 0),
    release: () => {
      for (const release of releases.splice(0)) release()
      blocks.length = 0
      block = Buffer.alloc(0)
    },
  }
}
