import { sql } from 'kysely'
import type { Database } from '../db/index.ts'

/** Keys that are to be destroyed once the transaction that asks for it is committed. */
export interface Destruction {
  readonly id: string
  readonly tenant: string
  /** Null: every key of the tenant. */
  readonly person: string | null
  readonly at: Date
}

/** Asks for a destruction, in the caller's transaction. */
export async function insertDestruction(within: Database, destruction: Destruction): Promise<void> {
  await within.insertInto('key_destruction').values(destruction).execute()
}

/** Whether these keys are to be destroyed and are not yet. */
export async function destructionWaits(
  db: Database,
  { tenant, person }: { readonly tenant: string; readonly person: string | null },
): Promise<boolean> {
  const row = await db
    .selectFrom('key_destruction')
    .select('id')
    .where('tenant', '=', tenant)
    .where((one) =>
      person === null
        ? one('person', 'is', null)
        : one.or([one('person', 'is', null), one('person', '=', person)]),
    )
    .where('done_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Which of some persons' keys are to be destroyed and are not yet. */
export async function destructionsWaiting(
  db: Database,
  tenant: string,
  persons: readonly string[],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('key_destruction')
    .select('person')
    .where('tenant', '=', tenant)
    .where('person', 'in', persons)
    .where('done_at', 'is', null)
    .execute()
  return rows.flatMap(({ person }) => person ?? [])
}

/** Destructions that wait, oldest first. */
export function waitingDestructions(db: Database): Promise<Destruction[]> {
  return db
    .selectFrom('key_destruction')
    .select(['id', 'tenant', 'person', 'at'])
    .where('done_at', 'is', null)
    .orderBy('at')
    .execute()
}

/** Destructions that were carried out, oldest first. */
export function doneDestructions(db: Database): Promise<Destruction[]> {
  return db
    .selectFrom('key_destruction')
    .select(['id', 'tenant', 'person', 'at'])
    .where('done_at', 'is not', null)
    .orderBy('at')
    .execute()
}

/** Destructions were carried out. */
export async function destructionsDone(db: Database, ids: readonly string[], at: Date): Promise<void> {
  await db
    .updateTable('key_destruction')
    .set({ done_at: at })
    .where(sql<boolean>`id = any(${[...ids]}::uuid[])`)
    .execute()
}

/** Notes destructions that were carried out before. */
export async function insertDestructions(
  db: Database,
  destructions: readonly Destruction[],
  doneAt: Date,
): Promise<void> {
  const rows = destructions.map((one) => ({ ...one, done_at: doneAt }))
  await db.insertInto('key_destruction').values(rows).execute()
}

/** Which of these tenants and persons a restored database still holds as if nothing had been destroyed. */
export async function destructionsKnown(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('key_destruction').select(['tenant', 'person']).execute()
  return new Set(rows.map(({ tenant, person }) => `${tenant}/${person ?? ''}`))
}

/** Tenants whose every key was destroyed or is about to be: nothing of theirs opens any more. */
export async function erasedTenants(db: Database): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('key_destruction')
    .select('tenant')
    .distinct()
    .where('person', 'is', null)
    .execute()
  return rows.map(({ tenant }) => tenant)
}

/** One person whose key was destroyed or is about to be. */
export interface Erasure {
  readonly id: string
  readonly tenant: string
  readonly person: string
  readonly at: Date
  readonly doneAt: Date | null
}

const UUID_SHAPE = '________-____-____-____-____________'

/** Erasures of persons named by a UUID outside of `except`, in the order of their ids, after one of them; other names are what a service ended itself. */
export async function erasuresAfter(
  db: Database,
  page: { readonly after: string; readonly except: string; readonly countMax: number },
): Promise<readonly Erasure[]> {
  const rows = await db
    .selectFrom('key_destruction')
    .select(['id', 'tenant', 'person', 'at', 'done_at as doneAt'])
    .where('id', '>', page.after)
    .where('tenant', '<>', page.except)
    .where('person', 'like', UUID_SHAPE)
    .orderBy('id')
    .limit(page.countMax)
    .execute()
  return rows.flatMap(({ person, ...row }) => (person === null ? [] : [{ ...row, person }]))
}

/** When the keys of some persons of a tenant were asked to be destroyed, and when that was done, by person. */
export async function erasuresOf(
  db: Database,
  tenant: string,
  persons: readonly string[],
): Promise<ReadonlyMap<string, Pick<Erasure, 'at' | 'doneAt'>>> {
  const rows = await db
    .selectFrom('key_destruction')
    .select(['person', 'at', 'done_at as doneAt'])
    .where('tenant', '=', tenant)
    .where('person', 'in', persons)
    .orderBy('id', 'desc')
    .execute()
  return new Map(
    rows.flatMap(({ person, at, doneAt }) => (person === null ? [] : [[person, { at, doneAt }]])),
  )
}

/** Persons of a tenant whose keys were destroyed or are about to be. */
export async function erasedPersons(db: Database, tenant: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('key_destruction')
    .select('person')
    .distinct()
    .where('tenant', '=', tenant)
    .where('person', 'is not', null)
    .execute()
  return rows.flatMap(({ person }) => person ?? [])
}
