import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { RepositoryError, type ObjectStore } from '#backup'
import { rootKey } from '#envelope'
import { backUpKeyring, localRoot, rootEscrow } from '../../encryption/index.ts'
import { secondsAfter, systemClock } from '../../kernel/clock.ts'
import { openReading } from '../restore/open-reading.ts'
import type { OpenedReading } from '../restore/index.ts'
import { drillRig, type DrillRig } from './drill-rig.fixture.ts'
import { bringBack, type ServedCopy } from './points/copies.ts'
import { indexesHold, writesWork } from './points/database.ts'
import { openEscrowed } from './points/escrowed-keys.ts'
import { failOver } from './points/failover.ts'
import { fieldsOpen } from './points/fields.ts'
import { isolated, networkOf } from './points/isolation.ts'
import { keysOpen } from './points/keys.ts'
import { ledgerHolds } from './points/ledger.ts'
import { changedRefused, everythingLocked, everythingOpens } from './points/objects.ts'
import { runbookLeads } from './points/runbook.ts'
import { inTime, pointKept } from './points/time.ts'
import { CouldNotRun, PointFailed } from './points.ts'
import { inScratch } from './scratch.ts'
import type { DrillWorld } from './world.ts'

/** A reading over stores that are changed. */
function over(reading: OpenedReading, change: (store: ObjectStore) => Partial<ObjectStore>): OpenedReading {
  const changed = (store: ObjectStore): ObjectStore => ({
    region: store.region,
    lock: store.lock,
    put: (path, bytes, options) => store.put(path, bytes, options),
    get: (path) => store.get(path),
    head: (path) => store.head(path),
    list: (prefix) => store.list(prefix),
    remove: (path) => store.remove(path),
    ...change(store),
  })
  return { ...reading, stores: reading.stores.map(changed) }
}

suite('drills', () => {
  let rig: DrillRig
  before(async () => {
    rig = await drillRig()
  })
  after(() => rig.close())

  test('policy 6.2-a, 6.2-c: all fourteen points pass on a sound system, and nothing stays', async () => {
    const report = await rig.drill({ type: 'region-loss', from: 'region-b' })
    assert.deepEqual(
      report.points.filter(({ result }) => result !== 'passed'),
      [],
    )
    assert.equal(report.points.length, 14)
    assert.ok(report.passed && (report.figures.failoverSeconds ?? 61) <= 60)
    assert.match(report.points[0]?.says ?? '', /region-b alone/)
    assert.deepEqual(await readdir(rig.parts.scratch), [])
  })

  test('policy 6.2-c: every point turns red for what it is about', async (context) => {
    const reading = await rig.world.reading()
    const base = {
      ...rig.parts,
      order: rig.order,
      declaredAt: systemClock.now(),
      all: reading,
      reading,
      elapsedSeconds: () => 1,
      onProgress: () => {},
      used: () => {},
    }
    await inScratch(rig.parts.scratch, async (place) => {
      const world: DrillWorld = { ...base, place }
      await turnRed(context, world, await bringBack(world))
    })
    await reading.close()
  })

  test('policy 6.2-c: when recovery key, key folder and keyring are lost, what lay in escrow brings everything back', async () => {
    const escrow = join(rig.world.folder, 'escrow-keys')
    const { wrapper } = rig.world.house.keys
    for (const name of await readdir(join(rig.world.folder, 'keys')))
      if (name.startsWith('backup-verifier-'))
        await copyFile(join(rig.world.folder, 'keys', name), join(escrow, name))
    const reading = await openReading({
      stores: rig.world.settings,
      recoveryFolder: escrow,
      keysFolder: escrow,
      clock: systemClock,
    })
    const keys = await rig.parts.openKeys(() => {})
    assert.ok(keys !== null)
    const { stores, repository } = reading
    const opened: string[] = []
    let openRoots = 0
    await inScratch(rig.parts.scratch, async (place) => {
      const world: DrillWorld = {
        ...rig.parts,
        place,
        order: { ...rig.order, type: 'key-loss', escrow },
        declaredAt: systemClock.now(),
        all: reading,
        reading,
        elapsedSeconds: () => 1,
        onProgress: () => {},
        used: () => {},
        rootKey: {
          inFiles: true,
          open: async (folder) => {
            opened.push(...(await readdir(folder)))
            openRoots += 1
            const close = async (): Promise<void> => void (openRoots -= 1)
            return { ...localRoot(rootKey(await readFile(join(folder, 'root.key')))), close }
          },
        },
      }
      const copy = await bringBack(world)
      try {
        await assert.rejects(openEscrowed(world, copy), /holds no root-escrow\.age/)
        const folder = join(place, 'root')
        await mkdir(folder)
        await writeFile(join(folder, 'root.key'), rig.rootBytes)
        const { sealed } = await rootEscrow(folder, wrapper, systemClock)
        await writeFile(join(escrow, 'root-escrow.age'), sealed)
        await assert.rejects(openEscrowed(world, copy), /no copy of the keyring/)
        assert.equal(openRoots, 0, 'a root key stays open although its keyring is not to be had')
        const { keyring } = keys
        const { system } = repository
        await backUpKeyring({ keyring, clock: systemClock, stores: () => stores, wrapper, system })
        const says = await fieldsOpen({ ...world, openKeys: () => openEscrowed(world, copy) }, copy)
        assert.match(
          says,
          /sealed fields of \d tenants open, with the copy of the keyring and what was brought/,
        )
        assert.match(await keysOpen(world), /open with a key from escrow and region-b alone; recovery folder/)
        assert.deepEqual(new Set(opened), new Set(['root.key']))
        assert.equal(openRoots, 0)
        assert.ok(!(await readdir(place)).includes('escrowed-keys'), 'what was brought does not stay')
      } finally {
        await copy.close()
      }
      await followRunbook(world)
    })
    await keys.close()
    await reading.close()
  })

  /** Somebody who knows the runbook and nothing else. */
  async function followRunbook(world: DrillWorld): Promise<void> {
    const file = join(rig.world.folder, 'runbook.md')
    const text = await readFile(new URL('../../../docs/runbooks/machine-loss.md', import.meta.url), 'utf8')
    const program = fileURLToPath(new URL('../../../cli/surety.mjs', import.meta.url))
    const people = { ...world, environment: process.env, runbook: { file, program } }
    await writeFile(file, text.replace('npx surety backup list', 'npx surety backups list'))
    await assert.rejects(runbookLeads(people), /does not lead to the end: .*no command `backups/)
    await rm(join(world.place, 'people'), { recursive: true })
    await writeFile(file, text)
    assert.match(await runbookLeads(people), /^5 commands .* led to a server with \d+ rows/)
  }

  /** When keys are lost, with one more set of the ledger's files in the stores, whose checkpoint is this. */
  function keysLost(world: DrillWorld, checkpoint: 'as it is' | 'another' | 'none'): DrillWorld {
    const { repository } = world.reading
    const changed: typeof repository = {
      ...repository,
      filesets: async (folder) => {
        const newest = (await repository.filesets(folder)).slice(-1)
        return checkpoint === 'none' ? newest : [...newest, ...newest]
      },
      readFile: async (file) => {
        const bytes = await repository.readFile(file)
        return checkpoint === 'another' ? Buffer.from(String(bytes).replace(/\n(\d+)\n/, '\n99\n')) : bytes
      },
    }
    return {
      ...world,
      order: { ...world.order, type: 'key-loss' },
      // Nothing is there any more.
      keysFolder: join(world.place, 'lost'),
      reading: { ...world.reading, repository: changed },
    }
  }

  function earlierLedgers(world: DrillWorld, copy: ServedCopy) {
    return [
      [
        '7: keys lost, and a ledger that is not that of an earlier checkpoint in the stores',
        () => ledgerHolds(keysLost(world, 'another'), copy),
        PointFailed,
      ],
      [
        '7: keys lost, and no earlier checkpoint in the stores',
        () => ledgerHolds(keysLost(world, 'none'), copy),
        CouldNotRun,
      ],
    ] as const
  }

  async function turnRed(
    context: { test: (name: string, run: () => Promise<void>) => Promise<void> },
    world: DrillWorld,
    copy: ServedCopy,
  ): Promise<void> {
    const { all, order } = world
    const red = (
      name: string,
      look: () => Promise<unknown>,
      kind: new (...words: never[]) => Error = PointFailed,
    ) =>
      context.test(name, async () => {
        await assert.rejects(look, kind)
      })
    const dbWith = async (change: string, look: () => Promise<unknown>): Promise<void> => {
      await sql.raw(change).execute(copy.db)
      await look()
    }
    await red('1: a region without its wrapped secrets', () =>
      keysOpen({
        ...world,
        all: over(all, (store) => ({
          list: async function* (prefix) {
            for await (const one of store.list(prefix)) if (!one.path.endsWith('.age')) yield one
          },
        })),
      }),
    )
    await red(
      '1: no recovery identity',
      () => keysOpen({ ...world, all: { ...all, opener: null } }),
      CouldNotRun,
    )
    const none = { ...all.repository, backups: async () => ({ backups: [], refused: [] }) }
    await red('3, 4: no backup', () => everythingOpens({ ...world, reading: { ...all, repository: none } }))
    const unlocked = over(all, (store) => ({
      head: async (path) => {
        const head = await store.head(path)
        return head === null ? null : { ...head, retainUntil: secondsAfter(systemClock.now(), -1) }
      },
    }))
    await red('3: objects without a lock', () => everythingLocked({ ...world, reading: unlocked }))
    const differing = over(all, (store) => ({
      get: async (path) => {
        const bytes = await store.get(path)
        return store.region === 'region-b' && path.endsWith('.obj') ? bytes.subarray(1) : bytes
      },
    }))
    await red('3: regions that differ', () => everythingLocked({ ...world, reading: differing }))
    const damaged = {
      ...all.repository,
      verifyBackup: () => Promise.reject(new RepositoryError('damaged', 'one')),
    }
    await red(
      '4: a damaged object',
      () => everythingOpens({ ...world, reading: { ...all, repository: damaged } }),
      RepositoryError,
    )
    await red('6: too much is lost', () =>
      pointKept({ ...world, order: { ...order, limits: { ...order.limits, lossSeconds: 1 } } }, 2),
    )
    await red('6: no heartbeat', () => pointKept(world, null), CouldNotRun)
    const right = await readFile(rig.anchor)
    await writeFile(rig.anchor, String(right).replace(/\n(\d+)\n/, '\n99\n'))
    await red('7: a ledger that is not that of the checkpoint kept apart', () => ledgerHolds(world, copy))
    await red(
      '7: no checkpoint kept apart',
      () => ledgerHolds({ ...world, keysFolder: world.place }, copy),
      CouldNotRun,
    )
    await writeFile(rig.anchor, right)
    for (const [name, look, kind] of earlierLedgers(world, copy)) await red(name, look, kind)
    await ledgerHolds(keysLost(world, 'as it is'), copy)
    await red(
      '8: a keyring that cannot be reached',
      () => fieldsOpen({ ...world, openKeys: async () => null }, copy),
      CouldNotRun,
    )
    const keys = await world.openKeys(() => {})
    assert.ok(keys !== null)
    const otherRoot = { ...keys, root: localRoot(rootKey(randomBytes(32))) }
    await red(
      '8: another root key',
      () => fieldsOpen({ ...world, openKeys: async () => otherRoot }, copy),
      Error,
    )
    await red('10: a credential for sending', () => isolated(copy, { SMTP_URL: 'smtp://sample.invalid' }))
    const listening = createServer().listen(0, '127.0.0.1')
    await context.test('10: a socket of a network is seen', async () => {
      assert.ok((await networkOf(process.cwd())).includes('tcp'))
    })
    listening.close()
    await red('10: a server that cannot be looked at', () => networkOf('/nowhere'), CouldNotRun)
    await context.test('11: too slow now or in 90 days is said with the limit', async () => {
      const { seconds } = await inTime(world, { seconds: 100, bytes: 1 })
      assert.equal(seconds, 200)
    })
    const blind = { ...all, opener: null }
    await red(
      '13: copies that cannot be read',
      () => changedRefused({ ...world, reading: blind }),
      CouldNotRun,
    )
    await dbWith(
      'update surety.workspace set name = set_byte(name, length(name) - 1, get_byte(name, length(name) - 1) # 1)',
      () => red('8: a sealed field that was changed', () => fieldsOpen(world, copy)),
    )
    await dbWith('delete from surety.audit_event where ledger_index = 5', () =>
      red('7: an entry of the ledger without its row', () => ledgerHolds(world, copy)),
    )
    await dbWith("delete from surety.migration where name like '0148%'", () =>
      red('9: a schema that lacks a migration', () => writesWork(world, copy)),
    )
    await dbWith(
      "insert into surety.migration (name, sha256, applied_at) values ('0148-drills.sql', '', now()); delete from surety.policy_in_force",
      () => red('9: no policy in force', () => writesWork(world, copy)),
    )
    await context.test('5: an index that does not hold what its table does', async () => {
      // Rows that are written while the index is not kept up are not in it.
      const index = "'surety.workspace_pkey'::regclass"
      await sql.raw(`update pg_index set indisready = false where indexrelid = ${index}`).execute(copy.db)
      await sql
        .raw("insert into surety.workspace (id, name, created_at) values (gen_random_uuid(), '\\x00', now())")
        .execute(copy.db)
      await sql.raw(`update pg_index set indisready = true where indexrelid = ${index}`).execute(copy.db)
      await assert.rejects(indexesHold(copy), PointFailed)
    })
    await copy.close()
    await red('12: a server that is gone cannot be copied', () => failOver(world, copy), Error)
  }
})
