import { createSecretKey, type KeyObject } from 'node:crypto'
import { dataKeyring, type DataKeyring } from '#envelope'
import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'
import { SuretyError } from './surety-error.ts'

/** The keys of one person, ready for use; they live in memory only and are never logged. */
export interface ReleasedPersonKeys {
  /** Seals with the current version, opens every version. */
  readonly keyring: DataKeyring
  /** After this moment the current version is past its age and must seal nothing more; it still opens. */
  readonly sealsUntil: Date
}

/** What is known of some persons: keys, or null for one who was erased; who never had a key is missing. */
export type PersonKeys = ReadonlyMap<string, ReleasedPersonKeys | null>

/** After so long an erasure or rotation is looked for; each look leaves one `key.released` for many persons. */
const FRESH_SECONDS = 900
/** How long known keys stay in use while Surety does not answer; a refusal ends them at once. */
const STALE_SECONDS_MAX = 3600
/** How many persons' keys are held at once. */
const PERSONS_MAX = 20_000
/** How many are asked for in one call. */
const BATCH_MAX = 200

const base64Key = z.base64().length(44)
const answerShape = z.object({
  persons: z.record(
    z.string(),
    z.object({
      current: z.int().min(1),
      sealsUntil: z.iso.datetime(),
      data: z.record(z.string().regex(/^[1-9]\d{0,9}$/), base64Key),
    }),
  ),
  erased: z.array(z.string()),
})

type Answer = ReleasedPersonKeys | null | undefined

interface Held {
  readonly keys: ReleasedPersonKeys | null
  readonly fetchedAt: Date
}

/** Persons that the next call asks for; whoever comes while a call is under way travels with the next one. */
interface Batch {
  readonly persons: Set<string>
  readonly answers: Promise<ReadonlyMap<string, Answer>>
}

/** Fetches and holds keys of persons: many with one call, each asked for once at a time. Policy 2.3-a.2. */
export function personKeyCache(deps: { readonly socket: ServiceSocket; readonly now: () => Date }) {
  const held = new Map<string, Held>()
  const nameOf = (tenant: string, person: string): string => `${tenant}\n${person}`
  const remember = (tenant: string, person: string, keys: Answer): void => {
    const name = nameOf(tenant, person)
    held.delete(name)
    // Who has no key yet may get one at any moment.
    if (keys === undefined) return
    held.set(name, { keys, fetchedAt: deps.now() })
    const oldest = held.keys().next()
    if (held.size > PERSONS_MAX && oldest.done === false) held.delete(oldest.value)
  }
  const { ask, outdate } = eachOnce(batches(deps.socket), remember)
  const ageSeconds = ({ fetchedAt }: Held): number => (deps.now().getTime() - fetchedAt.getTime()) / 1000
  const one = async (tenant: string, person: string, make: boolean): Promise<Answer> => {
    const known = held.get(nameOf(tenant, person))
    if (known !== undefined && ageSeconds(known) <= FRESH_SECONDS) return known.keys
    try {
      return await ask(tenant, person, make)
    } catch (error) {
      const away = error instanceof SuretyError && error.passing && error.problem !== 'encryption.key-missing'
      if (away && known !== undefined && ageSeconds(known) <= STALE_SECONDS_MAX) return known.keys
      held.delete(nameOf(tenant, person))
      throw error
    }
  }
  return {
    get: async (
      tenant: string,
      persons: readonly string[],
      { make = false }: { readonly make?: boolean } = {},
    ): Promise<PersonKeys> => {
      const found = await Promise.all(
        [...new Set(persons)].map(async (person) => [person, await one(tenant, person, make)] as const),
      )
      return new Map(found.flatMap(([person, keys]) => (keys === undefined ? [] : [[person, keys] as const])))
    },
    /** Drops what is held of some persons, so that the next use asks again. */
    forget: (tenant: string, persons: readonly string[]): void => {
      for (const person of persons) {
        held.delete(nameOf(tenant, person))
        outdate(tenant, person)
      }
    },
    clear: (): void => held.clear(),
  }
}

/** Gathers what is asked for at the same time into one call for each tenant, one call after another. */
function batches(socket: ServiceSocket): Ask {
  const gathering = new Map<string, Batch>()
  const last = new Map<string, Promise<unknown>>()
  const open = (queue: string, tenant: string, make: boolean): Batch => {
    const persons = new Set<string>()
    const before = last.get(queue) ?? Promise.resolve()
    const answers = before
      .catch(() => undefined)
      .then(() => {
        // From here on whoever comes opens the next one.
        if (gathering.get(queue)?.persons === persons) gathering.delete(queue)
        return call(socket, tenant, [...persons], make)
      })
    last.set(queue, answers)
    const ended = (): void => {
      if (last.get(queue) === answers) last.delete(queue)
    }
    answers.then(ended, ended)
    return { persons, answers }
  }
  return async (tenant, person, make) => {
    const queue = `${tenant}\n${make}`
    const known = gathering.get(queue)
    const fits = known !== undefined && known.persons.size < BATCH_MAX
    const batch = fits ? known : open(queue, tenant, make)
    if (!fits) gathering.set(queue, batch)
    batch.persons.add(person)
    return (await batch.answers).get(person)
  }
}

type Ask = (tenant: string, person: string, make: boolean) => Promise<Answer>

/** Asks for each person once at a time, and remembers what is answered. */
function eachOnce(
  ask: Ask,
  remember: (tenant: string, person: string, keys: Answer) => void,
): {
  readonly ask: Ask
  /** What is on its way is from before: it answers those who asked, is not held, and whoever asks now asks anew. */
  readonly outdate: (tenant: string, person: string) => void
} {
  const asking = new Map<string, Promise<Answer>>()
  const nameOf = (tenant: string, person: string, make: boolean): string => `${tenant}\n${make}\n${person}`
  return {
    ask: (tenant, person, make) => {
      const name = nameOf(tenant, person, make)
      const known = asking.get(name)
      if (known !== undefined) return known
      const isLast = (): boolean => asking.get(name) === begun
      const begun: Promise<Answer> = ask(tenant, person, make)
        .then((keys) => {
          if (isLast()) remember(tenant, person, keys)
          return keys
        })
        .finally(() => {
          if (isLast()) asking.delete(name)
        })
      asking.set(name, begun)
      return begun
    },
    outdate: (tenant, person) => {
      for (const make of [true, false]) asking.delete(nameOf(tenant, person, make))
    },
  }
}

async function call(
  socket: ServiceSocket,
  tenant: string,
  persons: readonly string[],
  make: boolean,
): Promise<ReadonlyMap<string, Answer>> {
  const path = `/v1/tenants/${encodeURIComponent(tenant)}/persons/keys`
  const answer = expectShape(
    answerShape,
    await socket.call({ method: 'POST', path, body: { persons, make } }),
  )
  const erased = new Set(answer.erased)
  return new Map(
    persons.map((person) => {
      const given = answer.persons[person]
      if (given !== undefined) return [person, readKeys(tenant, given)] as const
      return [person, erased.has(person) ? null : undefined] as const
    }),
  )
}

function readKeys(tenant: string, given: z.infer<typeof answerShape>['persons'][string]): ReleasedPersonKeys {
  const { current, sealsUntil, data } = given
  const keys = new Map(Object.entries(data).map(([version, text]) => [Number(version), secretKey(text)]))
  try {
    return { keyring: dataKeyring({ tenant, current, keys }), sealsUntil: new Date(sealsUntil) }
  } catch (cause) {
    throw new SuretyError('keys-unusable', { cause })
  }
}

/** A released key, ready for use; its bytes are overwritten. */
export function secretKey(text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64')
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

const endedShape = z.object({ ended: z.int().min(0) })

/** Ends keys of persons for good; safe to repeat. */
export async function endPersonKeys(
  socket: ServiceSocket,
  tenant: string,
  persons: readonly string[],
): Promise<number> {
  const path = `/v1/tenants/${encodeURIComponent(tenant)}/persons/end`
  const answer = await socket.call({ method: 'POST', path, body: { persons } })
  return expectShape(endedShape, answer).ended
}

/** A person whose data must go: whoever holds something of them removes it. */
export interface Erasure {
  readonly id: string
  readonly tenant: string
  readonly person: string
}

const erasuresShape = z.object({
  erasures: z.array(z.object({ id: z.uuid(), tenant: z.string(), person: z.string() })),
  more: z.boolean(),
})

/** Erasures in the order of their ids, after one of them, at most 500; `more` says that there are others. */
export async function readErasures(
  socket: ServiceSocket,
  after: string | null,
): Promise<{ readonly erasures: readonly Erasure[]; readonly more: boolean }> {
  const path = after === null ? '/v1/erasures' : `/v1/erasures?after=${encodeURIComponent(after)}`
  return expectShape(erasuresShape, await socket.call({ method: 'GET', path }))
}
