import { secondsAfter } from '../../kernel/clock.ts'
import { z } from '../../kernel/schema.ts'
import { readOn, type FilePlace } from './followed-file.ts'
import { KeeperError } from './keeper.ts'
import type { KeeperLog, LoggedUse, LogPart } from './keeper-log.ts'

/** The log of an audit device of the kind `file`, and the key whose uses are looked for in it. */
export interface VaultLog {
  readonly file: string
  readonly mount: string
  readonly name: string
  /** Empty: none. */
  readonly namespace: string
}

/** Vault answers once its audit devices have written. */
const DELAY_SECONDS = 60
/** The server's clock may be behind by this much, so that an entry from before the log began looks younger. */
const SKEW_SECONDS = 60

/** Operations of the transit engine that use a key, or let it out. */
const USES =
  'encrypt|decrypt|rewrap|datakey/\\w+|derived-keys?|hmac|cmac|sign|verify|export/[\\w-]+|byok-export/[\\w.-]+|backup'

const placeShape = z.object({
  head: z.string(),
  offset: z.number().int().nonnegative(),
  tail: z.string().optional(),
})

const orNone = z.string().max(2048).optional().catch(undefined)
/** What only describes an answer is left out where it has another form than it had. */
const entryShape = z.object({
  auth: z.object({ entity_id: orNone, token_type: orNone }).nullish().catch(null),
  request: z.object({
    id: z.string().min(1),
    path: z.string(),
    namespace: z.object({ path: z.string().optional() }).nullish(),
  }),
})
const kindShape = z.object({
  time: z.iso.datetime({ offset: true }),
  type: z.enum(['request', 'response']),
  error: z.string().nullish(),
})

/** Follows the log that an audit device of Vault or OpenBao writes into a file, through its rotations. Policy 2.3-b. */
export function vaultAuditLog(log: VaultLog, bytesMax?: number): KeeperLog {
  const useOf = usesIn(log)
  return {
    delaySeconds: DELAY_SECONDS,
    read: async ({ position, since, now }) => {
      const { lines, place, ended, lost, changed, tooLong } = await readOn(
        log.file,
        placeOf(position),
        bytesMax,
      ).catch(unread)
      const read = lines.map(entryOf)
      const strange = tooLong + read.filter((one) => one === undefined).length
      const times = read.flatMap((one) => (one instanceof Date ? [one] : (one?.at ?? [])))
      const uses = read.flatMap((one) => (one === undefined || one instanceof Date ? [] : useOf(one)))
      return {
        uses,
        position: place === null ? '' : JSON.stringify(place),
        from: position === null ? secondsAfter(times[0] ?? now, SKEW_SECONDS) : since,
        to: ended ? now : (times.at(-1) ?? since),
        lost: lostBecause({ lost, changed, strange }),
      } satisfies LogPart
    },
  }
}

function lostBecause(of: {
  readonly lost: boolean
  readonly changed: boolean
  readonly strange: number
}): string | null {
  const { lost, changed, strange } = of
  if (lost) return 'the file of the audit device in which the last reading stopped is gone'
  if (changed) return 'what was read of the log of the audit device was changed or cut off afterwards'
  return strange === 0 ? null : `${strange} lines of the audit device are no entries`
}

function placeOf(position: string | null): FilePlace | null {
  return position === null || position === '' ? null : placeShape.parse(JSON.parse(position))
}

function unread(error: unknown): never {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  throw new KeeperError('unreachable', `The log of the audit device cannot be read (${code}).`, error)
}

interface Entry {
  readonly at: Date
  readonly path: string
  readonly namespace: string
  readonly request: string
  readonly caller: string | null
}

/** An entry that an answer was given; the time alone of any other, undefined for a line that cannot be told to be one or the other. */
function entryOf(line: string): Entry | Date | undefined {
  const value = parsed(line)
  const kind = kindShape.safeParse(value)
  if (!kind.success) return undefined
  const { time, type, error } = kind.data
  const at = new Date(time)
  // What was refused used no key, and its number is told to nobody.
  if (type === 'request' || (error ?? '') !== '') return at
  const entry = entryShape.safeParse(value)
  if (!entry.success) return undefined
  const { request, auth } = entry.data
  const who = [auth?.token_type, auth?.entity_id]
    .filter(Boolean)
    .join(':')
    .replaceAll(/[^\w:.-]/g, '_')
    .slice(0, 200)
  return {
    at,
    path: request.path,
    namespace: (request.namespace?.path ?? '').replaceAll(/^\/+|\/+$/g, ''),
    request: request.id,
    caller: who === '' ? null : who,
  }
}

function usesIn({ mount, name, namespace }: VaultLog) {
  const ours = namespace.replaceAll(/^\/+|\/+$/g, '')
  const before = `${mount}/`
  const operations = new RegExp(`^(${USES})$`)
  return (entry: Entry): readonly LoggedUse[] => {
    if (!entry.path.startsWith(before) || entry.namespace !== ours) return []
    // After the name an export may have a version, and a signature its hash.
    const [operation = '', ...more] = `${entry.path.slice(before.length)}/`.split(`/${name}/`)
    if (more.length === 0 || !operations.test(operation)) return []
    const { at, request, caller } = entry
    return [{ at, operation, request, caller, context: null }]
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
