import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { fakeClock } from '../../kernel/clock.ts'
import { openBreaches } from './breaches.ts'
import { withoutContext } from './context-words.ts'
import { openCorpus } from './corpus.ts'
import { plainForm } from './plain-form.ts'
import { openRangeQuery, readRange } from './range-query.ts'
import { rangeService, type RangeMood } from './range-service.fixture.ts'

const sha1 = (password: string): Buffer => hash('sha1', password, 'buffer')
const LISTED = 'Velvet-otter-staircase-9'

suite('breached passwords', () => {
  const corpus = openCorpus('')

  test('policy 3.3-c: only five digits of the hash leave, padding is asked for and its rows mean nothing', async () => {
    const service = await rangeService([LISTED])
    try {
      const query = openRangeQuery({ url: service.url, clock: fakeClock() })
      assert.equal(query.state(), 'unasked')
      assert.equal(await query.ask(sha1(LISTED)), 'listed')
      assert.equal(await query.ask(sha1(`${LISTED}x`)), 'not-listed')
      const padded = Buffer.concat([sha1('x').subarray(0, 3), Buffer.alloc(17)])
      assert.equal(await query.ask(padded), 'not-listed')
      for (const { path, padding } of service.asked) {
        assert.match(path, /^\/[0-9A-F]{5}$/)
        assert.equal(padding, 'true')
      }
      assert.equal(query.state(), 'reachable')
    } finally {
      await service.close()
    }
  })

  test('policy 3.3-c: an error, a portal’s page, an empty, an endless and no answer count as no answer at all', async () => {
    const service = await rangeService([LISTED])
    try {
      for (const mood of ['error', 'portal', 'empty', 'endless', 'silent'] satisfies RangeMood[]) {
        service.setMood(mood)
        const query = openRangeQuery({ url: service.url, clock: fakeClock() })
        assert.equal(await query.ask(sha1(LISTED)), 'unknown', mood)
        assert.equal(query.state(), 'unreachable')
      }
    } finally {
      await service.close()
    }
  })

  test('policy 3.3-c: after three failures the service is left alone for a minute, then asked again', async () => {
    const service = await rangeService([LISTED])
    const clock = fakeClock()
    try {
      const query = openRangeQuery({ url: service.url, clock })
      service.setMood('error')
      for (let at = 0; at < 10; at += 1) assert.equal(await query.ask(sha1(LISTED)), 'unknown')
      assert.equal(service.asked.length, 3)
      service.setMood('well')
      clock.advanceSeconds(59)
      assert.equal(await query.ask(sha1(LISTED)), 'unknown')
      clock.advanceSeconds(1)
      assert.equal(await query.ask(sha1(LISTED)), 'listed')
    } finally {
      await service.close()
    }
  })

  test('policy 3.3-c: without a service the list on this machine decides, exactly and by plain forms', async () => {
    const breaches = openBreaches({ url: '', corpus, clock: fakeClock() })
    const { corpus: list, service } = await breaches.state()
    assert.equal(service, 'off')
    // ASVS 6.2.4 asks for the 3,000 most common that meet the rule; all of 12 characters or more are here.
    assert.equal(list.entries, 44_150)
    for (const known of [
      'Password1234',
      'P@ssw0rd2026!',
      'Ｐassword１２３４',
      'IlOvEyOu!!!!2026',
      'Sunshine-2026!!',
      'qwertyuiop[]',
      '1q2w3e4r5t6y',
    ])
      assert.deepEqual([known, (await breaches.check(known)).breached], [known, true])
    for (const fresh of [LISTED, 'Sample-pass-2026', 'aQ2dT5gW8bR0', 'correct horse Battery']) {
      const { breached, asked } = await breaches.check(fresh)
      assert.deepEqual([fresh, breached, asked], [fresh, false, false])
    }
  })

  test('policy 3.3-c: either the service or the list is enough for a refusal', async () => {
    const service = await rangeService([LISTED])
    try {
      const breaches = openBreaches({ url: service.url, corpus, clock: fakeClock() })
      assert.equal((await breaches.check(LISTED)).breached, true)
      assert.equal((await breaches.check('P@ssw0rd2026!')).breached, true)
      assert.equal((await breaches.check('Sample-pass-2026')).breached, false)
    } finally {
      await service.close()
    }
  })

  test('policy 3.3-c: a list of one’s own may hold passwords or downloaded hashes; one that cannot be read fails', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'surety-corpus-'))
    const file = join(folder, 'list.txt')
    const hashed = sha1('Marble-kite-falcon-3').toString('hex').toUpperCase()
    await writeFile(file, `${LISTED}\r\n${hashed}:42\n\n`)
    try {
      const own = await openCorpus(file)()
      assert.equal(own.entries, 2)
      assert.match(own.source, /^own list of \d{4}-\d\d-\d\d$/)
      assert.equal(own.has(LISTED), true)
      assert.equal(own.has('velvet-0tter-staircase!!'), true)
      assert.equal(own.has('Marble-kite-falcon-3'), true)
      assert.equal(own.has('Marble-kite-falcon-4'), false)
      await assert.rejects(openCorpus(join(folder, 'none'))(), { code: 'ENOENT' })
      await writeFile(file, '')
      await assert.rejects(openCorpus(file)())
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('policy 3.3-c: plain forms undo embellishments, and no text throws', () => {
    assert.equal(plainForm('P@$$w0rd!123'), plainForm('password'))
    assert.equal(plainForm('PASSWORD....'), plainForm('Passw0rd9999'))
    assert.equal(plainForm('1234567890!!'), '')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        plainForm(text)
        withoutContext(text, { email: 'a@b.example', name: text.slice(0, 5) })
      }),
      { numRuns: 40 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          readRange(text)
        } catch (error) {
          assert.ok(error instanceof Error)
        }
      }),
    )
  })

  test('policy 3.3-a: words of the service and of the person are found in any spelling', () => {
    const owner = { email: 'robin.sample@example.org', name: 'Robin O’Sample' }
    assert.equal(withoutContext('R0bin-Sur3ty-77', owner), '--77')
    assert.equal(withoutContext('instant reply rocks', owner), '  rocks')
    assert.equal(withoutContext('Velvet-otter-9', owner), 'Velvet-otter-9')
    // Stems of fewer than four letters are everywhere.
    assert.equal(withoutContext('Anagram-42', { email: 'an@example.org', name: 'An Ana' }), 'Anagram-42')
  })
})
