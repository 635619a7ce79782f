import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { endedAt, type PostgresServer } from '#database'
import { changePrimary, settleState, type ChangeParts } from './change.ts'
import { startPrimary } from './site.ts'
import type { SiteName, SiteState } from './state.ts'

const STATE: SiteState = { primary: 'a', switchingTo: null, term: 0 }

suite('a change between two sites of which a step fails', () => {
  let home: string
  let kept: SiteState[]
  let said: string[]
  let stopped: string[]
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'surety-change-'))
    await chmod(home, 0o755)
    ;[kept, said, stopped] = [[], [], []]
    for (const site of ['a', 'b']) {
      await mkdir(join(home, site))
      await writeFile(join(home, site, 'PG_VERSION'), '18\n')
    }
    await writeFile(join(home, 'b', 'standby.signal'), '')
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  const parts = (more: Partial<ChangeParts> = {}): ChangeParts => ({
    folderOf: (site) => join(home, site),
    keep: async (state) => void kept.push(state),
    now: () => new Date(0),
    say: (line) => void said.push(line),
    ...more,
  })
  /** A server that nobody reaches; `onStop` is what its end leaves behind. */
  const server = (site: SiteName, onStop: () => Promise<void> = async () => {}): PostgresServer => ({
    url: `postgresql://nobody@/none?host=${encodeURIComponent(join(home, 'none'))}`,
    dataFolder: join(home, site),
    socketFolder: join(home, 'none'),
    processId: 0,
    ended: new Promise(() => {}),
    release: () => {},
    stop: async () => {
      stopped.push(site)
      await onStop()
    },
  })
  /** One whose answer to the order was lost, and that was promoted all the same. */
  const promotedUnheard = () => server('b', () => rm(join(home, 'b', 'standby.signal'), { force: true }))

  test('policy 6.2-d: a standby that was not promoted in time is stopped, so that it takes no writes beside the old server', async () => {
    const servers = { primary: server('a'), standby: server('b') }
    await assert.rejects(changePrimary(parts(), STATE, servers, 'failover'))
    assert.deepEqual(stopped, ['b'])
    assert.deepEqual(kept.at(-1), STATE)
    assert.ok(existsSync(join(home, 'a', 'PG_VERSION')), 'the old data is still there')
  })

  test('policy 6.2-d: one that was promoted although its answer was lost is the primary, and the old one does not start again', async () => {
    const servers = { primary: server('a'), standby: promotedUnheard() }
    const { state } = await changePrimary(parts(), STATE, servers, 'failover')
    assert.deepEqual(state, { primary: 'b', switchingTo: null, term: 1 })
    assert.deepEqual(kept.at(-1), state)
    assert.ok(!existsSync(join(home, 'a')))
  })

  test('policy 6.2-d: once it is promoted, old data that cannot be moved away and a state that cannot be kept lead back nowhere', async () => {
    const long = join(home, 'x'.repeat(252))
    await mkdir(long)
    const failing = parts({
      folderOf: (site) => (site === 'a' ? long : join(home, site)),
      keep: async (state) => {
        if (state.term > 0) throw new Error('no space is left')
        kept.push(state)
      },
    })
    const servers = { primary: server('a'), standby: promotedUnheard() }
    const { state, change } = await changePrimary(failing, STATE, servers, 'failover')
    assert.deepEqual([state.primary, change.aside], ['b', null])
    assert.match(said.join('\n'), /could not be kept: no space is left\n.*could not be moved away/)
    // The next start finds the state of before, and the mark that is gone.
    const [before = STATE] = kept
    assert.equal(before.switchingTo, 'b')
    assert.equal((await settleState(parts(), before)).primary, 'b')
  })

  test('policy 6.2-d: a change that was cut off does not move to a folder whose data is gone', async () => {
    await rm(join(home, 'b'), { recursive: true })
    const state = await settleState(parts(), { ...STATE, switchingTo: 'b' })
    assert.equal(state.primary, 'a')
    assert.ok(existsSync(join(home, 'a', 'PG_VERSION')), 'the only data stays where it is')
  })

  test('policy 6.2-d: a database whose folder is gone is never replaced by an empty one', async () => {
    const folders = { a: join(home, 'a'), b: join(home, 'b') }
    const sites = {
      folders,
      passwordFile: join(home, 'password'),
      settings: [],
      replication: () => ({ user: 'nobody', password: '' }),
      copy: () => Promise.reject(new Error('nothing to copy')),
    }
    await rm(folders.a, { recursive: true })
    await assert.rejects(startPrimary(sites, STATE), /site a, which takes writes, is not in/)
    await rm(folders.b, { recursive: true })
    await assert.rejects(
      startPrimary(sites, { primary: 'b', term: 1 }),
      /site b, which takes writes, is not in/,
    )
    assert.ok(!existsSync(folders.b), 'nothing was made there')
  })

  test('policy 6.2-d: the log of a server that did not end in order has no end', async () => {
    await mkdir(join(home, 'a', 'global'))
    const control = Buffer.alloc(8192)
    const write = (state: number) => {
      control.writeUInt32LE(state, 16)
      control.writeBigUInt64LE(0x1_2345_6789n, 32)
      return writeFile(join(home, 'a', 'global', 'pg_control'), control)
    }
    await write(1)
    assert.equal(await endedAt(join(home, 'a')), '1/2345678A')
    await write(6)
    await assert.rejects(endedAt(join(home, 'a')), /did not end in order/)
    await writeFile(join(home, 'a', 'global', 'pg_control'), control.subarray(0, 20))
    await assert.rejects(endedAt(join(home, 'a')), /did not end in order/)
  })
})
