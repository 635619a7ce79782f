import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import fc from 'fast-check'
import { rootKey } from '#envelope'
import { testDatabase, type TestDatabase } from '#database'
import { openAudit } from '../audit/index.ts'
import { openDatabase, type Database } from '../db/index.ts'
import { localRoot, openKeyring, openTenantKeys, PROVIDER, type Keyring } from '../encryption/index.ts'
import { fakeClock, secondsAfter } from '../kernel/clock.ts'
import { NotTaken, type Carriers, type Numbered } from './carrier.ts'
import { postEvents } from './events.ts'
import { postJobs } from './jobs.ts'
import { consoleTexts, localLetters, openLocalOutbox } from './local-outbox.ts'
import { openPost } from './open-post.ts'
import type { Letter, TextMessage } from './post.ts'

const LETTER: Letter = {
  to: 'person@example.org',
  subject: 'A sample letter',
  text: 'Open https://localhost:8443/console/welcome#a-secret',
  kind: 'sample',
  account: null,
}

suite('post', () => {
  let database: TestDatabase
  let db: Database
  let keyring: Keyring
  let folder: string
  let refuse: Error | null = null
  let carried: (Numbered<Letter> | Numbered<TextMessage>)[] = []
  let queued: { readonly id: string }[] = []
  const clock = fakeClock()

  before(async () => {
    database = await testDatabase()
    db = openDatabase(database.url, () => {})
    folder = await mkdtemp(join(tmpdir(), 'surety-post-'))
    keyring = openKeyring(database.url, () => {})
    const keys = openTenantKeys({ db, keyring, clock, root: localRoot(rootKey(randomBytes(32))) })
    await keys.sealText(PROVIDER, { table: 'outbox', column: 'message', row: 'warm' }, 'warm')
    parts = {
      db,
      clock,
      keys,
      audit: openAudit({ clock, keys, catalogues: [postEvents] }),
      carriers,
      enqueue: async (_tx: Database, _job: string, payload: object) => {
        queued.push(payload as { readonly id: string })
      },
    }
  })
  after(async () => {
    await db.destroy()
    await keyring.destroy()
    await database.drop()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    refuse = null
    carried = []
    queued = []
    await db.deleteFrom('outbox').execute()
  })

  const carry = async (message: Numbered<Letter> | Numbered<TextMessage>): Promise<void> => {
    if (refuse !== null) throw refuse
    carried.push(message)
  }
  const carriers: Carriers = {
    letter: { name: 'sample-mail', standIn: false, carry },
    text: { name: 'sample-text', standIn: false, carry },
  }
  let parts: Parameters<typeof openPost>[0]

  const rowOf = (id: string) =>
    db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const put = async (letter: Letter = LETTER): Promise<string> => {
    await db.transaction().execute((tx) => openPost(parts).letter(tx, letter))
    return queued.at(-1)?.id ?? ''
  }

  test('a letter leaves with the transaction that wrote it, and not without it', async () => {
    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await openPost(parts).letter(tx, LETTER)
        throw new Error('undone')
      }),
      /undone/,
    )
    await openPost(parts).deliver(queued[0]?.id ?? '')
    assert.deepEqual(carried, [])
    await openPost(parts).deliver(await put())
    assert.equal(carried.length, 1)
  })

  test('policy 2.2-a: recipient and words are sealed while they wait and gone once they are delivered', async () => {
    const id = await put()
    const waiting = JSON.stringify(await rowOf(id), (_key, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
    )
    for (const secret of ['person@example.org', 'a-secret', 'A sample letter'])
      assert.ok(!waiting.includes(secret), secret)
    await openPost(parts).deliver(id)
    const row = await rowOf(id)
    assert.deepEqual([row.state, row.message, row.kind, row.tries], ['delivered', null, 'sample', 1])
  })

  test('a message is handed over once, however many jobs there are for it', async () => {
    const id = await put()
    await Promise.all(Array.from({ length: 8 }, () => openPost(parts).deliver(id)))
    await openPost(parts).deliver(id)
    assert.equal(carried.length, 1)
  })

  test('the first try is made beside the queue, and what was not taken is left to it', async () => {
    const first = await put()
    await openPost(parts).deliverSoon(first)
    assert.equal(carried.length, 1)
    refuse = new NotTaken('no answer', false)
    const second = await put()
    await openPost(parts).deliverSoon(second)
    assert.equal((await rowOf(second)).state, 'waiting')
    await Promise.all([openPost(parts).deliver(first), openPost(parts).deliverSoon(first)])
    assert.equal(carried.length, 1)
  })

  test('a message that is not taken waits for another try, and is given up and recorded after the last', async () => {
    const id = await put()
    refuse = new NotTaken('no answer', false)
    for (let tried = 1; tried < 12; tried += 1) {
      await assert.rejects(openPost(parts).deliver(id), NotTaken)
      const row = await rowOf(id)
      assert.deepEqual([row.state, row.tries, row.reason], ['waiting', tried, 'no answer'])
    }
    await openPost(parts).deliver(id)
    const row = await rowOf(id)
    assert.deepEqual([row.state, row.tries, row.message], ['dead', 12, null])
    const events = await db
      .selectFrom('audit_event')
      .select('type')
      .where('type', '=', 'post.given-up')
      .execute()
    assert.equal(events.length, 1)
  })

  test('a message that nobody will ever take is given up at once', async () => {
    const id = await put()
    refuse = new NotTaken('no such recipient', true)
    await openPost(parts).deliver(id)
    assert.equal((await rowOf(id)).state, 'dead')
  })

  test('a fault of our own stays a fault: the message waits', async () => {
    const id = await put()
    refuse = new Error('a programming error')
    await assert.rejects(openPost(parts).deliver(id), /programming error/)
    assert.equal((await rowOf(id)).state, 'waiting')
  })

  test('policy 3.1-b: a code that came too late is not sent any more', async () => {
    const goodUntil = secondsAfter(clock.now(), 300)
    const text = { to: '+14155552671', text: '123456', kind: 'sample', account: null, goodUntil }
    await db.transaction().execute((tx) => openPost(parts).textMessage(tx, text))
    clock.advanceSeconds(300)
    await openPost(parts).deliver(queued[0]?.id ?? '')
    assert.deepEqual(carried, [])
  })

  test('no recipient and no subject can carry a second header', async () => {
    const post = openPost(parts)
    const evil = ['\r\nBcc: x@example.org', '\n', '\u2028', '\0', ', x@example.org', '> <x@example.org', ';']
    for (const more of evil) {
      await assert.rejects(post.letter(db, { ...LETTER, to: `person@example.org${more}` }), /address/, more)
      await assert.rejects(post.letter(db, { ...LETTER, to: `person${more}@example.org` }), /address/, more)
    }
    for (const more of ['\r\nBcc: x@example.org', '\n', '\u2028', '\0', '\u202e'])
      await assert.rejects(post.letter(db, { ...LETTER, subject: `Hello${more}` }), /subject/, more)
    for (const to of [
      '',
      '+',
      '+0123456789',
      '14155552671',
      '+1415555267\n1',
      '+1415555267x',
      '+1234567890123456',
    ])
      await assert.rejects(post.textMessage(db, { to, text: 'x', kind: 'x', account: null }), /number/, to)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (noise) => {
        if (!/[\r\n]/.test(noise)) return
        await assert.rejects(post.letter(db, { ...LETTER, to: `${noise}@example.org` }))
        await assert.rejects(post.letter(db, { ...LETTER, subject: noise }))
      }),
      { numRuns: 300 },
    )
    assert.deepEqual(queued, [])
  })

  test('what checks send to nobody stays here and goes to no carrier', async () => {
    const letter = { ...LETTER, to: 'probe-1@check.invalid' }
    await db.transaction().execute((tx) => openPost(parts).letter(tx, letter))
    assert.deepEqual(queued, [])
    const rows = await db.selectFrom('outbox').select(['state']).execute()
    assert.deepEqual(rows, [{ state: 'kept' }])
  })

  test('policy 2.2-0: the local outbox says first that nothing was sent, and its files are sealed', async () => {
    const outbox = openLocalOutbox(join(folder, 'outbox'), parts.keys)
    const said: string[] = []
    await localLetters(outbox).carry({ ...LETTER, id: '1' })
    const text = { id: '2', to: '+14155552671', text: 'Code 123456\nfor you', kind: 'sample', account: null }
    await consoleTexts(outbox, (line) => said.push(line)).carry(text)
    const found = await outbox.list(10)
    assert.deepEqual(
      found.map((one) => one.text.split('\n')[0]),
      [
        'NOT SENT: this installation delivers no mail',
        'NOT SENT: this installation delivers no text messages',
      ],
    )
    assert.match(found[0]?.text ?? '', /Subject: A sample letter\n.*\n\nOpen https/)
    assert.deepEqual(said, ['[text message, NOT SENT, to +14155552671] Code 123456 for you'])
    for (const name of await readdir(join(folder, 'outbox'))) {
      const path = join(folder, 'outbox', name)
      assert.equal((await stat(path)).mode & 0o777, 0o600)
      const bytes = await readFile(path)
      for (const word of ['sample', '123456', '+1415']) assert.ok(!bytes.includes(word), word)
    }
    assert.equal((await stat(join(folder, 'outbox'))).mode & 0o777, 0o700)
    await outbox.clear(new Date(Date.now() + 60_000))
    assert.deepEqual(await outbox.list(10), [])
  })

  test('a message that lost its job gets one, and what ended long ago is removed', async () => {
    const outbox = openLocalOutbox(join(folder, 'none'), parts.keys)
    const forgotten = await put()
    const delivered = await put()
    await openPost(parts).deliver(delivered)
    const tidy = postJobs({ ...parts, post: openPost(parts), outbox }).find((job) => job.name === 'post.tidy')
    clock.advanceSeconds(91 * 24 * 60 * 60)
    queued = []
    await tidy?.run({})
    assert.deepEqual(queued, [{ id: forgotten }])
    assert.equal((await db.selectFrom('outbox').select('id').execute()).length, 1)
  })
})
