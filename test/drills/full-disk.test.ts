import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import { makeFolder } from '../running-system.ts'
import {
  ask,
  openWorkplace,
  phoneOf,
  post,
  readiness,
  sentNotice,
  storedMessages,
  textMessage,
  until,
  type Workplace,
} from './workplace.ts'

/** Room for a new database with its first log segments, and little more. */
const DISK_MIB = 160
/** Deliveries that are tried before the database must have run out of the room it had put aside. */
const TRIES_MAX = 300
/** A message close to the longest that a contact can write. */
const LONG = 'x'.repeat(4000)

/** Why this machine cannot have a small disk of its own; false when it can. */
function noSmallDisk(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a small disk needs Linux and root'
  try {
    const probe = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
    mount(probe, 1)
    execFileSync('umount', [probe])
    rmSync(probe, { recursive: true })
    return false
  } catch {
    return 'this machine does not let a test mount a small disk'
  }
}

function mount(folder: string, mebibytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'tmpfs', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Writes a file until the disk holds not one more byte. */
function fill(file: string): void {
  const handle = openSync(file, 'w')
  for (const size of [2 ** 20, 4096, 1])
    try {
      for (;;) writeSync(handle, Buffer.alloc(size, 1))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  closeSync(handle)
}

suite('drill: the disk is full', { skip: noSmallDisk(), timeout: 200_000 }, () => {
  let folder: string
  let filler: string
  let at: Workplace & { stop(): Promise<void> }
  const accepted = new Set<string>()
  const refused = new Map<string, string>()
  let next = 0

  const deliver = async (text: string): Promise<number> => {
    const phone = phoneOf(next)
    next += 1
    const body = textMessage(at.channel, phone, text)
    const status = await post(at, body)
    if (status === 200) accepted.add(phone)
    else refused.set(phone, body)
    return status
  }
  /** Delivers until one is refused; the status of the refusal. */
  const untilRefused = async (): Promise<number> => {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const status = await deliver(LONG)
      if (status !== 200) return status
      // The filler takes what the database or the ledger gave back meanwhile.
      if (tries % 10 === 9) fill(`${filler}-${tries}`)
    }
    return 200
  }

  before(async () => {
    folder = await makeFolder()
    filler = join(folder, 'var/filler')
    mount(join(folder, 'var'), DISK_MIB)
    at = await openWorkplace({ folder })
  })
  after(async () => {
    if (filler !== undefined)
      execFileSync('find', [join(folder, 'var'), '-maxdepth', '1', '-name', 'filler*', '-delete'])
    await at?.stop()
    execFileSync('umount', ['--lazy', join(folder, 'var')])
    await rm(folder, { recursive: true, force: true })
  })

  test('writes are refused with 503, and nothing else is said', async () => {
    assert.equal(await deliver('Hello'), 200)
    await until('the reply', () => at.provider.received().length === 1)
    fill(filler)
    assert.equal(await untilRefused(), 503)
    const { cookie } = at.administrator
    const rule = { name: 'Another', kind: 'keyword', words: ['x'], reply: LONG.slice(0, 2900) }
    const seen = await ask(at.system, cookie, 'POST /inbox/rules', rule)
    assert.ok([200, 503].includes(seen.status), seen.text())
    const statuses = new Set<number>()
    for (let tries = 0; tries < 5; tries += 1) {
      statuses.add(await deliver(LONG))
      await pause(300)
    }
    assert.deepEqual(
      [...statuses].filter((status) => ![200, 503].includes(status)),
      [],
    )
  })

  test('when there is room again, everything resumes by itself and nothing accepted is lost', async () => {
    execFileSync('find', [join(folder, 'var'), '-maxdepth', '1', '-name', 'filler*', '-delete'])
    await until('the system is ready', async () => (await readiness(at.system)).status === 200, 60_000)
    assert.equal(await deliver('Hello'), 200)
    await until('what was refused is taken when it comes again', async () => {
      for (const [phone, body] of refused)
        if ((await post(at, body)) === 200) {
          accepted.add(phone)
          refused.delete(phone)
        }
      return refused.size === 0
    })
    const told = new Set<string>()
    await until(
      'every message is answered',
      async () => {
        for (const { to, clientKey } of at.provider.received())
          if (clientKey !== null && !told.has(clientKey))
            if ((await post(at, sentNotice(at.channel, to, clientKey))) === 200) told.add(clientKey)
        const to = new Set(at.provider.received().map((one) => one.to))
        return [...accepted].every((phone) => to.has(phone))
      },
      130_000,
    )
    const sent = at.provider.received().map(({ to }) => to)
    assert.deepEqual(
      sent.filter((to, place) => sent.indexOf(to) < place),
      [],
      'nobody was answered twice',
    )
    const { size } = accepted
    assert.deepEqual(await storedMessages(at.system), { in: size, out: size })
  })

  test('policy 8.2-a.3: the ledger goes on and verifies', async () => {
    const { code, stdout, stderr } = await at.system.cli(['ledger', 'verify'])
    assert.equal(code, 0, stdout + stderr)
    const size = async (): Promise<number> =>
      Number((await at.system.request('/ledger/checkpoint')).text().split('\n')[1])
    const before = await size()
    await deliver('Hello')
    await until('it grows', async () => (await size()) > before)
  })
})
