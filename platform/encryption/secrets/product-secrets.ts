import { notify, type Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { Problem } from '../../kernel/problem.ts'
import { PROVIDER, type RecordEvent } from '../key-parts.ts'
import type { FieldPlace, TenantKeys } from '../tenant-keys.ts'
import { productSecrets, SECRET_NAMES, type SecretName } from './catalogue.ts'
import {
  deleteSecret,
  insertSecret,
  lockSecret,
  replaceSecret,
  storedSecrets,
  type SecretRow,
} from './queries.ts'

/** What is known of a secret without its value. */
export interface SecretFacts {
  readonly name: SecretName
  readonly says: string
  /** Where the value in use comes from. */
  readonly from: 'sealed' | 'environment' | 'nowhere'
  readonly version: number | null
  readonly setAt: Date | null
  readonly ageDays: number | null
  readonly setBy: { readonly kind: string; readonly id: string } | null
}

/** What secrets work with. */
export interface SecretParts {
  readonly db: Database
  readonly clock: Clock
  readonly keys: Pick<TenantKeys, 'sealText' | 'openText'>
  readonly record: RecordEvent
  /** The settings, whose values count where none is sealed, and who letters come from. */
  readonly environment: Readonly<Record<SecretName | 'MAIL_FROM', string>>
}

/** The secrets of the product: written by an operator, read by the part that uses one, and shown to nobody. */
export interface ProductSecrets {
  /** The value in use, empty when there is none. It never waits, so that it can be asked at each use. */
  read(name: SecretName): string
  list(): Promise<readonly SecretFacts[]>
  /** Stores a first value; throws `resource.conflict` when there is one. */
  set(by: RequestContext, name: SecretName, value: string): Promise<number>
  /** Replaces the value and returns its version; throws `resource.unknown` when there is none. */
  rotate(by: RequestContext, name: SecretName, value: string): Promise<number>
  /** Removes the sealed value, so that the setting counts again; throws `resource.unknown` when there is none. */
  remove(by: RequestContext, name: SecretName): Promise<void>
  /** Reads the values anew; called when another process changed one, and after notices may have been missed. */
  reload(): Promise<void>
}

const placeOf = (name: string): FieldPlace => ({ table: 'product_secret', column: 'value', row: name })
const isName = (name: string): name is SecretName => Object.hasOwn(productSecrets, name)

/** Opens the secrets. */
export async function openProductSecrets(parts: SecretParts): Promise<ProductSecrets> {
  const { db, clock, environment } = parts
  let held = await opened(parts)
  let reading: Promise<void> = Promise.resolve()
  const reload = (): Promise<void> => {
    // One after the other, so that an older answer never replaces a newer one.
    reading = reading.catch(() => {}).then(async () => void (held = await opened(parts)))
    return reading
  }
  const changed = async <Result>(change: (tx: Database) => Promise<Result>): Promise<Result> => {
    const result = await db.transaction().execute(async (tx) => {
      const done = await change(tx)
      await notify(tx, 'secrets_changed')
      return done
    })
    await reload()
    return result
  }
  return {
    read: (name) => held.get(name) ?? environment[name],
    list: async () => {
      const rows = new Map((await storedSecrets(db)).map((row) => [row.name, row]))
      return SECRET_NAMES.map((name) => factsOf(name, rows.get(name), environment[name], clock.now()))
    },
    set: (by, name, value) => changed((tx) => setFirst(parts, tx, by, name, value)),
    rotate: (by, name, value) => changed((tx) => setNext(parts, tx, by, name, value)),
    remove: (by, name) =>
      changed(async (tx) => {
        if (!(await deleteSecret(tx, name))) throw notSet(name)
        await recorded(parts, tx, by, { type: 'secret.removed', name, version: null })
      }),
    reload,
  }
}

/** The sealed values, opened; a row of a name that nothing reads any more is left alone. */
async function opened({ db, keys }: SecretParts): Promise<ReadonlyMap<SecretName, string>> {
  const held = new Map<SecretName, string>()
  for (const { name, value } of await storedSecrets(db))
    if (isName(name)) held.set(name, await keys.openText(PROVIDER, placeOf(name), value))
  return held
}

function factsOf(name: SecretName, row: SecretRow | undefined, environment: string, now: Date): SecretFacts {
  const { says } = productSecrets[name]
  if (row === undefined) {
    const from = environment === '' ? 'nowhere' : 'environment'
    return { name, says, from, version: null, setAt: null, ageDays: null, setBy: null }
  }
  return {
    name,
    says,
    from: 'sealed',
    version: row.version,
    setAt: row.set_at,
    ageDays: Math.floor(secondsBetween(row.set_at, now) / DAY),
    setBy: { kind: row.set_by_kind, id: row.set_by_id },
  }
}

/** Refuses a value that the part which reads it could not use; never says the value. */
function requireUsable({ environment }: SecretParts, name: SecretName, value: string): void {
  if (name === 'SMTP_URL' && environment.MAIL_FROM === '')
    throw new Problem('request.invalid', 'MAIL_FROM is needed with a mail server, and is a setting.')

  if (value === '' || !productSecrets[name].type.safeParse(value).success)
    throw new Problem('request.invalid', `This is no value for ${name}. ${productSecrets[name].says}`)
}

const actorOf = ({ caller }: RequestContext): Actor => ({
  kind: caller.kind,
  id: caller.onBehalfOf ?? caller.id,
})

async function setFirst(
  parts: SecretParts,
  tx: Database,
  by: RequestContext,
  name: SecretName,
  value: string,
): Promise<number> {
  requireUsable(parts, name, value)
  const sealed = await parts.keys.sealText(PROVIDER, placeOf(name), value)
  const row = { name, value: sealed, at: parts.clock.now(), by: actorOf(by) }
  if (!(await insertSecret(tx, row)))
    throw new Problem('resource.conflict', `${name} is set already: rotate it to replace it.`)
  await recorded(parts, tx, by, { type: 'secret.set', name, version: 1 })
  return 1
}

async function setNext(
  parts: SecretParts,
  tx: Database,
  by: RequestContext,
  name: SecretName,
  value: string,
): Promise<number> {
  requireUsable(parts, name, value)
  const before = await lockSecret(tx, name)
  if (before === null) throw notSet(name)
  const version = before + 1
  const sealed = await parts.keys.sealText(PROVIDER, placeOf(name), value)
  await replaceSecret(tx, { name, value: sealed, version, at: parts.clock.now(), by: actorOf(by) })
  await recorded(parts, tx, by, { type: 'secret.rotated', name, version })
  return version
}

function notSet(name: SecretName): Problem {
  return new Problem('resource.unknown', `${name} is not set here; the setting of that name may be.`)
}

function recorded(
  { record }: SecretParts,
  tx: Database,
  by: RequestContext,
  {
    type,
    name,
    version,
  }: { readonly type: string; readonly name: SecretName; readonly version: number | null },
): Promise<void> {
  const { ip, userAgent } = by.caller
  return record(tx, {
    type,
    tenant: null,
    actor: actorOf(by),
    target: { kind: 'product-secret', id: name },
    outcome: 'success',
    details: version === null ? {} : { version },
    request: { id: by.requestId, ip, userAgent },
  })
}
