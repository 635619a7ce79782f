import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '#backup'
import { systemClock } from '../../platform/kernel/clock.ts'
import { policyWith } from '../../platform/kernel/parameter.ts'
import { retentionOf } from '../../platform/recovery/lock-times.ts'
import { backupsInRegions } from '../../platform/recovery/regions/index.ts'
import { writeSampleBackup } from '../../platform/recovery/repository-rig.fixture.ts'
import { openS3Store, type BackupStore } from '../../platform/recovery/stores/index.ts'
import { storeContract } from '../../platform/recovery/stores/store-contract.fixture.ts'
import { openBackupKeys } from '../../platform/recovery/wraps/index.ts'
import { enforcement } from './enforcement.ts'
import { newBucket, peersNamed, type Peer } from './peers.ts'

/** What these services are known not to enforce; our store does not rely on it, or another region makes it good. */
const KNOWN_GAPS: Readonly<Record<string, readonly string[]>> = {
  moto: [
    'a lock is not shortened',
    'a lock is not made weaker',
    'bytes that arrive otherwise than they were sent are refused',
    'versions of a bucket with locks are not suspended',
  ],
  ceph: ['of several conditional writers one is told that it won'],
}

const wholeSeconds = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000)

interface Outcome {
  passed: number
  readonly failed: string[]
  readonly gaps: string[]
}

async function tried(outcome: Outcome, peer: Peer, says: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
    outcome.passed++
  } catch (error) {
    const [line] = String(error instanceof Error ? error.message : error).split('\n')
    outcome.failed.push(`${peer.name}: ${says} (${line})`)
    if (KNOWN_GAPS[peer.name]?.includes(says) === true) outcome.gaps.push(says)
  }
}

/** A store as if it lay elsewhere: one peer serves both buckets; only what the store says of its place is changed. */
function at(location: string, store: BackupStore): BackupStore {
  return { ...store, place: { ...store.place, location } }
}

/** Two buckets as two regions: a backup is written to both, and clause 6.1-c comes out proven as soon as they lie apart. */
async function twoRegions(peer: Peer): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-s3-'))
  try {
    const stores: readonly BackupStore[] = [
      at('one place', openS3Store(await newBucket(peer, 'eu-central'))),
      at('another', openS3Store(await newBucket(peer, 'eu-west'))),
    ]
    const [keysFolder, recoveryFolder] = [join(folder, 'keys'), join(folder, 'recovery')]
    const keys = await openBackupKeys({ keysFolder, recoveryFolder, escrow: [], clock: systemClock })
    const repository = openRepository({
      system: '1',
      stores,
      verifiers: keys.verifiers(),
      signer: keys.signer(),
      wrapper: keys.wrapper,
      clock: systemClock,
      retention: () => retentionOf(60),
    })
    await writeSampleBackup(repository)
    // An hour on, so that what was just written counts as settled.
    const clock = { now: () => new Date(Date.now() + 3_600_000) }
    const policy = policyWith({ 'backup.regions': 2 })
    const system = { house: async () => ({ repository, stores }), residency: ['DE'], policy, clock }
    const seen = await backupsInRegions.check(system)
    if (seen.result !== 'pass') throw new Error(seen.saw)
    const broken = await backupsInRegions.knownBad(system)
    if (broken.result !== 'fail') throw new Error(broken.saw)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Runs the contract of stores, what a service must enforce by itself, and copies in two regions, against every peer that `SURETY_PEER_S3` names. */
export async function conformS3(): Promise<{
  readonly passed: number
  readonly failed: readonly string[]
  readonly withinFloor: boolean
  readonly skipped?: true
}> {
  const peers = peersNamed(process.env['SURETY_PEER_S3'] ?? '')
  if (peers.length === 0) {
    console.log('skipped: SURETY_PEER_S3 names no service; test/peers/README.md says how to get some')
    return { passed: 0, failed: [], withinFloor: true, skipped: true }
  }
  const outcome: Outcome = { passed: 0, failed: [], gaps: [] }
  for (const peer of peers) {
    const of = await newBucket(peer, 'contract')
    const store = openS3Store(of)
    const trial = { store, now: wholeSeconds, advanceSeconds: null, under: 'contract/', runs: 5 }
    for (const { says, run } of storeContract) await tried(outcome, peer, says, () => run(trial))
    for (const { says, run } of enforcement) await tried(outcome, peer, says, () => run({ peer, of }))
    await tried(outcome, peer, 'policy 6.1-c: two regions are proven', () => twoRegions(peer))
    console.log(`${peer.name}: ${storeContract.length + enforcement.length + 1} were tried`)
  }
  for (const gap of outcome.gaps) console.log(`known not to be enforced: ${gap}`)
  return { ...outcome, withinFloor: outcome.failed.length === outcome.gaps.length }
}
