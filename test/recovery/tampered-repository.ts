/** A repository in memory with one of everything, and whoever reads all of it. */
import { randomBytes } from 'node:crypto'
import { RepositoryError, segmentName, type Repository } from '#backup'
import { testRepository, writeBackup, type TestRepository } from '../../engines/backup/repository.fixture.ts'

const SEGMENT = 2 ** 20

/** Stored objects of a region by path. */
export type Stored = Map<string, { bytes: Buffer; storedAt: Date; retainUntil: Date | null }>

/** What was there before anybody touched it, and what the operator knows of it from elsewhere. */
export interface Sample {
  readonly made: TestRepository
  readonly system: string
  readonly backups: readonly string[]
  readonly filesets: readonly string[]
  readonly acknowledged: string
  /** The region's objects as they were; tests work on copies. */
  readonly objects: Stored
}

/** Two backups of a chain, two epochs, segments on two timelines, pieces of one, files in two sets. */
export async function sampleRepository(): Promise<Sample> {
  const made = testRepository({ segmentBytes: SEGMENT })
  const { repository, clock, a } = made
  const archives = { 'base.tar': randomBytes(90_000), '16384.tar': randomBytes(90_000) }
  const full = await writeBackup(repository, archives, { startLsn: '0/200028', endLsn: '0/200100' })
  await repository.putSegment(segmentName(1, 2n, SEGMENT), randomBytes(SEGMENT))
  const files = async function* files(changed: string) {
    yield { name: 'entry/000', read: () => Promise.resolve(randomBytes(50_000)) }
    for (let at = 0; at < 8; at++)
      yield {
        name: `tile/0/00${at}`,
        read: () => Promise.resolve(Buffer.from(`${changed} ${at}`.padEnd(40_000))),
      }
  }
  const first = await repository.putFileset({ folder: 'ledger', files: files('same') })
  clock.advanceSeconds(3600)
  const names = { parent: full.manifest.name, startLsn: '0/300028', endLsn: '0/300100' }
  const incremental = await writeBackup(repository, archives, names)
  await repository.putSegment(segmentName(1, 3n, SEGMENT), randomBytes(SEGMENT))
  await repository.putHistory(2, Buffer.from('1\t0/480000\tno recovery target specified\n'))
  await repository.putTail(segmentName(2, 4n, SEGMENT), 0, randomBytes(0x90000))
  await repository.putTail(segmentName(2, 4n, SEGMENT), 0x90000, randomBytes(0x10000))
  const second = await repository.putFileset({ folder: 'ledger', files: files('same'), previous: first })
  await repository.settled()
  return {
    made,
    system: made.options.system,
    backups: [full.manifest.name, incremental.manifest.name],
    filesets: [first.name, second.name],
    acknowledged: '0/4A0000',
    objects: new Map(a.objects),
  }
}

/** Reads everything in region `a`: throws the first refusal, or gives nothing when all is as it was. */
export async function readEverything(sample: Sample, repository: Repository): Promise<void> {
  const region = 'a'
  for (const name of sample.backups) await repository.verifyBackup(name, { region })
  const [refusal] = (await repository.backups({ region })).refused
  if (refusal !== undefined) throw refusal
  const plan = await repository.plan({
    at: 'latest',
    region,
    folders: ['ledger'],
    atLeastLsn: sample.acknowledged,
  })
  for (const segment of plan.wal.segments) await repository.readSegment(segment, { region })
  for (const name of sample.filesets)
    for (const file of (await repository.readFileset(name, { region })).files)
      await repository.readFile(file, { region })
}

/** What reading all of a changed repository comes to: the refusal, or null when nothing was noticed. */
export async function refusalOf(
  sample: Sample,
  change: (objects: Stored) => void,
  opener = sample.made.options.opener,
): Promise<RepositoryError | null> {
  const { a } = sample.made
  a.objects.clear()
  for (const [path, object] of sample.objects) a.objects.set(path, object)
  change(a.objects)
  try {
    await readEverything(sample, sample.made.reopen(opener === undefined ? {} : { opener }))
    return null
  } catch (error) {
    if (error instanceof RepositoryError) return error
    throw error
  }
}
