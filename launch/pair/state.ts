import { readFile } from 'node:fs/promises'
import { z } from '../../platform/kernel/schema.ts'
import { siteName } from '../../platform/kernel/server-pair.ts'
import { keepDurably } from '../sites/state.ts'

/** One change of the server that takes writes; moments are ISO 8601. */
const pairChange = z.object({
  kind: z.enum(['failover', 'switchover']),
  from: siteName,
  to: siteName,
  term: z.number().int(),
  beganAt: z.string(),
  fencedAt: z.string(),
  promotedAt: z.string(),
  /** The newest moment that came over. */
  heartbeatAt: z.string().nullable(),
  /** What made the old server take no further write: itself, the operator's program, or nobody that we know. */
  fencedBy: z.enum(['read-only', 'command', 'somebody-else']),
  timeline: z.number().int(),
  fromRegion: z.string(),
  toRegion: z.string(),
})

/** One change of the server that takes writes. */
export type PairChange = z.output<typeof pairChange>

const shape = z.object({
  primary: siteName,
  /** Stands from before the old server is fenced until the new one is promoted. */
  switchingTo: siteName.nullable(),
  /** How often the primary changed. */
  term: z.number().int().min(0),
  /** The cluster, and the newest timeline of it that was used; an older one is never used again. */
  system: z.string().min(1),
  timeline: z.number().int().min(1),
  /** The last change, until the platform has noted it and beyond. */
  last: pairChange.nullable(),
})

/** Which of two servers takes writes, and what is known of them. */
export type PairState = z.output<typeof shape>

/** The state in a file; null where there is none. Throws when it cannot be read, so that nothing is started on a guess. */
export async function readPairState(path: string): Promise<PairState | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return shape.parse(JSON.parse(text))
  } catch (error) {
    throw new Error(`${path} does not say which database takes writes; nothing was started`, { cause: error })
  }
}

/** Keeps the state, durable before it returns. */
export function keepPairState(path: string, state: PairState): Promise<void> {
  return keepDurably(path, JSON.stringify(state))
}
