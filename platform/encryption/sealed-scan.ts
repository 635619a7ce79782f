import { describeField, EnvelopeError, fieldKeyId, fieldOverheadBytes } from '#envelope'
import type { Database } from '../db/index.ts'
import { PROVIDER } from './key-parts.ts'
import type { Keyring } from './keyring/database.ts'
import { destroyedTenants, sealingFingerprints } from './keyring/queries.ts'
import { byteColumns, headerCounts, type HeaderCount, type SealedColumn } from './queries.ts'
import { otherByteColumns, sealedColumns } from './stored-bytes.ts'

/** What a scan of stored bytes found. */
export interface SealedScan {
  /** What is wrong, one sentence each. */
  readonly findings: readonly string[]
  readonly columns: number
  readonly values: number
  /** Values by algorithm. */
  readonly algorithms: Readonly<Record<string, number>>
}

interface Known {
  /** `tenant/key id`, the id as envelopes carry it. */
  readonly keyIds: ReadonlySet<string>
  readonly destroyed: ReadonlySet<string>
  readonly algorithm: string
}

async function known(keyring: Keyring, algorithm: string): Promise<Known> {
  const keys = await sealingFingerprints(keyring)
  return {
    algorithm,
    destroyed: await destroyedTenants(keyring),
    keyIds: new Set(keys.map(({ tenant, fingerprint }) => `${tenant}/${fieldKeyId(fingerprint)}`)),
  }
}

/** Why values that begin like this are not sealed as they must be, and their algorithm. */
function judge(one: HeaderCount, by: Known): { readonly wrong: string | null; readonly algorithm: string } {
  try {
    const { algorithm, keyId } = describeField(one.header)
    const of = algorithm ?? 'unknown'
    if (of !== by.algorithm) return { wrong: `are sealed with the algorithm ${of}`, algorithm: of }
    if (one.bytesMin < fieldOverheadBytes) return { wrong: 'are cut off', algorithm: of }
    const tenant = one.tenant ?? PROVIDER
    const mine = by.keyIds.has(`${tenant}/${keyId}`)
    const wrong = mine || by.destroyed.has(tenant) ? null : 'are sealed under a key that is not the tenant’s'
    return { wrong, algorithm: of }
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    return { wrong: 'are not sealed', algorithm: 'none' }
  }
}

/** Columns of bytes that are in no list: what they hold is unknown, so they count as not sealed. */
export async function unlistedColumns(db: Database): Promise<string[]> {
  const listed = new Set([
    ...Object.keys(otherByteColumns),
    ...sealedColumns.map((one) => `${one.schema}.${one.table}.${one.column}`),
  ])
  const names = (await byteColumns(db)).map((one) => `${one.schema}.${one.table}.${one.column}`)
  return names.filter((name) => !listed.has(name))
}

/** Scans every sealed column that exists, or those that `wanted` picks: algorithm and key of every value. Policy 2.2-a. */
export async function scanSealed(
  db: Database,
  keyring: Keyring,
  algorithm: string,
  wanted: (column: SealedColumn) => boolean = () => true,
): Promise<SealedScan> {
  const existing = new Set((await byteColumns(db)).map((one) => `${one.schema}.${one.table}.${one.column}`))
  const by = await known(keyring, algorithm)
  const findings: string[] = (await unlistedColumns(db)).map(
    (name) => `${name} is in no list of sealed columns`,
  )
  const algorithms: Record<string, number> = {}
  let columns = 0
  let values = 0
  for (const column of sealedColumns.filter(wanted)) {
    const name = `${column.schema}.${column.table}.${column.column}`
    if (!existing.has(name)) continue
    columns += 1
    for (const one of await headerCounts(db, column, PROVIDER)) {
      const { wrong, algorithm: of } = judge(one, by)
      values += one.count
      algorithms[of] = (algorithms[of] ?? 0) + one.count
      if (wrong !== null) findings.push(`${one.count} values of ${name} ${wrong}`)
    }
  }
  return { findings, columns, values, algorithms }
}
