import { HOUR } from '../kernel/clock.ts'
import { randomUUID } from 'node:crypto'
import { undone, type Database, type Transaction } from '../db/index.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { requireOffered } from './algorithm.ts'
import { PROVIDER } from './key-parts.ts'
import type { Keyring } from './keyring/database.ts'
import { CHECK, type EncryptionSystem } from './observed-system.ts'
import { encryptionAlgorithm } from './parameters.ts'
import { overwriteProbe, probeBytes, rowsShowing, type SealedColumn } from './queries.ts'
import { scanSealed } from './sealed-scan.ts'
import { openTenantKeys } from './tenant-keys.ts'

/** Records a canary through the audit log, as any module records personal data; returns the target it is found by. */
async function plantCanary(system: EncryptionSystem, tx: Transaction, canary: string): Promise<string> {
  const id = randomUUID()
  await system.record(tx, {
    type: 'key.probed',
    tenant: null,
    actor: CHECK,
    target: { kind: 'canary', id },
    outcome: 'success',
    details: { canary },
    request: null,
  })
  return id
}

/** How many stored rows show the words of a canary that was just written. */
async function canaryShown(system: EncryptionSystem): Promise<number> {
  return undone(system.db, async (tx) => {
    const canary = `canary ${randomUUID()}`
    await plantCanary(system, tx, canary)
    return rowsShowing(tx, canary)
  })
}

/** Whether keys under this policy refuse to seal. */
async function sealingIsRefused(system: EncryptionSystem, policy: PolicyReader): Promise<boolean> {
  const { db, keyring, clock, root, record } = system
  const keys = openTenantKeys({ db, keyring, clock, root, governed: { policy, record } })
  const place = { table: 'probe', column: 'probe', row: 'probe' }
  return keys.sealText(PROVIDER, place, 'probe').then(
    () => false,
    (error: unknown) => error instanceof Problem && error.code === 'encryption.algorithm',
  )
}

async function everythingIsSealed(
  db: Database,
  keyring: Keyring,
  algorithm: string,
  seen: { readonly canaryRows: number; readonly otherAlgorithmRefused: boolean },
  wanted?: (column: SealedColumn) => boolean,
): Promise<Observation> {
  const { findings, columns, values, algorithms } = await scanSealed(db, keyring, algorithm, wanted)
  const failures = [
    ...findings,
    ...(seen.canaryRows > 0 ? [`a canary stands readable in ${seen.canaryRows} rows`] : []),
    ...(seen.otherAlgorithmRefused ? [] : ['an algorithm that is not offered was not refused']),
  ]
  const says = `${values} values in ${columns} columns with content or personal data are sealed with ${algorithm} under a key of their tenant, and a canary written now is readable in no row`
  const histogram = Object.fromEntries(Object.entries(algorithms).map(([name, n]) => [`sealed ${name}`, n]))
  return observed(
    failures,
    says,
    { columns, values, ...histogram },
    { count: values, coverage: 1, of: 'sealed values' },
  )
}

const onlyEvents = (column: SealedColumn): boolean => column.table === 'audit_event'

/** What the check says of a canary event whose sealed bytes were replaced, in a transaction that is undone. */
function brokenRow(system: EncryptionSystem, broken: (sealed: Buffer) => Uint8Array): Promise<Observation> {
  return undone(system.db, async (tx) => {
    const id = await plantCanary(system, tx, 'broken')
    await overwriteProbe(tx, id, broken(await probeBytes(tx, id)))
    const seen = { canaryRows: 0, otherAlgorithmRefused: true }
    return everythingIsSealed(tx, system.keyring, requireOffered(system.policy), seen, onlyEvents)
  })
}

/** The same bytes with some bits of one byte of the header changed. */
function withByte(sealed: Buffer, at: number, bits: number): Buffer {
  const copy = Buffer.from(sealed)
  copy[at] = (copy[at] ?? 0) ^ bits
  return copy
}

/** Policy 2.2-a: databases and file storage are encrypted. */
export const sealedAtRest: Control<EncryptionSystem> = control({
  id: 'sealed-at-rest',
  clauses: ['2.2-a'],
  reads: [encryptionAlgorithm],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/encryption/tenant-keys.ts',
    'platform/encryption/algorithm.ts',
    'platform/encryption/stored-bytes.ts',
    'engines/envelope',
  ],
  looks:
    'Reads algorithm and key of every value in every column of content or personal data, refuses columns of bytes that nobody listed, and looks for the words of a canary in the rows that were written with it.',
  breaks:
    'A value with another algorithm, one under a key that nobody has, one in the clear and a policy with an algorithm that is not offered must be found.',
  check: async (system) => {
    const other = policyWith({ [encryptionAlgorithm.name]: 'AES-128-GCM' }, system.policy)
    const seen = {
      canaryRows: await canaryShown(system),
      otherAlgorithmRefused: await sealingIsRefused(system, other),
    }
    return everythingIsSealed(system.db, system.keyring, requireOffered(system.policy), seen)
  },
  knownBad: async (system) => {
    const plain = Buffer.from('words that anybody who reads the disk can read, long enough to be an envelope')
    const seen = { canaryRows: 0, otherAlgorithmRefused: await sealingIsRefused(system, system.policy) }
    return everyBreakFound({
      'another algorithm': await brokenRow(system, (sealed) => withByte(sealed, 0, 0x01)),
      'an unknown key': await brokenRow(system, (sealed) => withByte(sealed, 8, 0xff)),
      'a value in the clear': await brokenRow(system, () => plain),
      'an algorithm that seals although it must not': await everythingIsSealed(
        system.db,
        system.keyring,
        requireOffered(system.policy),
        seen,
        onlyEvents,
      ),
    })
  },
})
