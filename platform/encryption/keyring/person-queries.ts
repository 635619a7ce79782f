import { sql } from 'kysely'
import type { Keyring } from './database.ts'

/** A version of the key of a person; `wrapped` is empty once it was destroyed. */
export interface StoredPersonKey {
  readonly person: string
  readonly version: number
  readonly wrapped: Buffer
  readonly fingerprint: string
  readonly under: number
  readonly created_at: Date
}

const COLUMNS = ['person', 'version', 'wrapped', 'fingerprint', 'under', 'created_at'] as const

/** Every version of the key of one person of a tenant that was ever made, oldest first. */
export function personVersions(keyring: Keyring, tenant: string, person: string): Promise<StoredPersonKey[]> {
  return keyring
    .selectFrom('person_key')
    .select(COLUMNS)
    .where('tenant', '=', tenant)
    .where('person', '=', person)
    .orderBy('version')
    .execute()
}

/** A version of a person's key that is stored for the first time. */
export type NewPersonKey = StoredPersonKey & { readonly tenant: string }

/** Stores versions of persons' keys, except those that another process stored first, or that were destroyed. */
export async function storePersonKeys(keyring: Keyring, rows: readonly NewPersonKey[]): Promise<void> {
  await keyring
    .insertInto('person_key')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Every live version of the keys of a tenant's persons. */
export function personKeys(keyring: Keyring, tenant: string): Promise<StoredPersonKey[]> {
  return keyring
    .selectFrom('person_key')
    .select(COLUMNS)
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .execute()
}

/** Live versions of the keys of a tenant's persons that are under a version of its own key. */
export async function personKeysUnder(
  keyring: Keyring,
  tenant: string,
  under: number,
): Promise<readonly StoredPersonKey[]> {
  return keyring
    .selectFrom('person_key')
    .select(COLUMNS)
    .where('tenant', '=', tenant)
    .where('under', '=', under)
    .where('destroyed_at', 'is', null)
    .execute()
}

/** Puts newly wrapped bytes in the place of the old ones of many keys of a tenant's persons; the keys themselves stay as they are. */
export async function replacePersonWrappings(
  keyring: Keyring,
  tenant: string,
  keys: readonly { readonly person: string; readonly version: number; readonly wrapped: Buffer }[],
  under: number,
): Promise<void> {
  await sql`
    update person_key as stored set wrapped = moved.wrapped, under = ${under}
    from unnest(${keys.map(({ person }) => person)}::text[], ${keys.map(({ version }) => version)}::int[],
      ${keys.map(({ wrapped }) => wrapped)}::bytea[]) as moved (person, version, wrapped)
    where stored.tenant = ${tenant} and stored.person = moved.person and stored.version = moved.version
      and stored.destroyed_at is null`.execute(keyring)
}

/** Whose keys have these ids (the first halves of their fingerprints), by id; destroyed ones too. */
export async function personsOfKeys(
  keyring: Keyring,
  tenant: string,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; person: string }>`
    select substr(fingerprint, 1, 32) as id, person from person_key
    where tenant = ${tenant} and substr(fingerprint, 1, 32) = any(${[...keyIds]}::text[])`.execute(keyring)
  return new Map(rows.map(({ id, person }) => [id, person]))
}

/** The newest live version of every person's key; those who were forgotten have none. */
function newestVersions(keyring: Keyring) {
  return keyring
    .selectFrom('person_key')
    .distinctOn(['tenant', 'person'])
    .select(['tenant', 'person', 'version', 'created_at'])
    .where('destroyed_at', 'is', null)
    .orderBy('tenant')
    .orderBy('person')
    .orderBy('version', 'desc')
}

/** Whether some person of a tenant has a newest key that was made at `cutoff` or before. */
export async function someAreDue(keyring: Keyring, tenant: string, cutoff: Date): Promise<boolean> {
  const row = await keyring
    .selectFrom(newestVersions(keyring).where('tenant', '=', tenant).as('newest'))
    .select('person')
    .where('created_at', '<=', cutoff)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Some of a tenant's persons, in the order of their ids, with the newest version of each; `last` is null at their end. */
export interface PersonsPage {
  readonly persons: readonly {
    readonly person: string
    readonly version: number
    readonly created_at: Date
  }[]
  readonly last: string | null
}

/**
 * The next of a tenant's persons after one of them, from so many live versions. In the order of the primary key, and whatever
 * their age, so that a page costs the same at the end of many persons as at their beginning.
 */
export async function personsAfter(
  keyring: Keyring,
  tenant: string,
  page: { readonly after: string; readonly most: number },
): Promise<PersonsPage> {
  const rows = await keyring
    .selectFrom('person_key')
    .select(['person', 'version', 'created_at'])
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .where('person', '>', page.after)
    .orderBy('tenant')
    .orderBy('person')
    .orderBy('version')
    .limit(page.most)
    .execute()
  const newest = new Map(rows.map((row) => [row.person, row]))
  if (rows.length < page.most) return { persons: [...newest.values()], last: null }
  // The page may have ended between two versions of somebody, who then comes first in the next one.
  const cut = rows.at(-1)?.person
  if (cut !== undefined && newest.size > 1) newest.delete(cut)
  return { persons: [...newest.values()], last: [...newest.keys()].at(-1) ?? null }
}

/** How many persons of each tenant have a key, the age of the oldest that is in use, and the lowest version in use. */
export function personsInUse(
  keyring: Keyring,
): Promise<{ tenant: string; persons: number; oldest: Date; version: number }[]> {
  return keyring
    .selectFrom(newestVersions(keyring).as('newest'))
    .select((one) => [
      'tenant',
      one.fn.countAll<number>().as('persons'),
      one.fn.min<Date>('created_at').as('oldest'),
      one.fn.min<number>('version').as('version'),
    ])
    .groupBy('tenant')
    .execute()
}

/** A version of a person's key that another one has replaced. */
export interface OlderPersonKey {
  readonly tenant: string
  readonly person: string
  readonly version: number
  readonly fingerprint: string
  /** When its successor was made. */
  readonly replacedAt: Date
}

/** Every live version of a person's key that has a successor. */
export async function olderPersonKeys(keyring: Keyring): Promise<readonly OlderPersonKey[]> {
  const { rows } = await sql<OlderPersonKey>`
    select tenant, person, version, fingerprint, next as "replacedAt" from (
      select tenant, person, version, fingerprint,
        lead(created_at) over (partition by tenant, person order by version) as next
      from person_key where destroyed_at is null
    ) as live where next is not null`.execute(keyring)
  return rows
}

/** Fingerprints of the keys of persons of a tenant who were forgotten; an older version of somebody's that retired is none. */
export async function destroyedPersonKeys(keyring: Keyring, tenant: string): Promise<readonly string[]> {
  const { rows } = await sql<{ fingerprint: string }>`
    select fingerprint from person_key as dead where tenant = ${tenant} and destroyed_at is not null
      and not exists (select from person_key as live where live.tenant = dead.tenant and live.person = dead.person
        and live.destroyed_at is null)`.execute(keyring)
  return rows.map(({ fingerprint }) => fingerprint)
}

/** What was destroyed and may never come back. */
export interface Tombstone {
  readonly tenant: string
  /** Null: everything of the tenant. */
  readonly person: string | null
  readonly destroyedAt: Date
}

/** Every tenant and person whose keys were all destroyed. */
export async function tombstones(keyring: Keyring): Promise<readonly Tombstone[]> {
  const { rows } = await sql<Tombstone>`
    select tenant, null as person, max(destroyed_at) as "destroyedAt" from tenant_key
      group by tenant having bool_and(destroyed_at is not null)
    union all
    select tenant, person, max(destroyed_at) from person_key
      where not exists (select from tenant_key where tenant_key.tenant = person_key.tenant
        having bool_and(tenant_key.destroyed_at is not null))
      group by tenant, person having bool_and(destroyed_at is not null)`.execute(keyring)
  return rows
}
