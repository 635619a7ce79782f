import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { chooseRule, type Rule, type RuleQuestion } from './choose.ts'
import { consentWord } from './consent-words.ts'
import { containsPhrase, foldText, wordsOf } from './fold.ts'

const rule = (more: Partial<Rule>): Rule => ({
  id: 'a',
  channelId: null,
  kind: 'keyword',
  name: 'sample',
  words: ['hours'],
  reply: 'sample',
  priority: 1,
  cooldownSeconds: 0,
  enabled: true,
  ...more,
})
const NOW = new Date('2026-01-30T12:00:00Z')
const asked = (more: Partial<RuleQuestion>): RuleQuestion => ({
  channelId: 'c',
  text: 'hours',
  first: false,
  now: NOW,
  lastFired: new Map(),
  ...more,
})
const matches = (keyword: string, text: string): boolean =>
  chooseRule([rule({ words: [keyword] })], asked({ text })).chosen !== null

suite('automatic replies', () => {
  test('whole words are found in many languages, whatever their case, accents and width', () => {
    for (const [keyword, text] of [
      ['hours', 'What are your HOURS?'],
      ['opening hours', 'Opening   hours, please'],
      ['öffnungszeiten', 'Offnungszeiten?'],
      ['straße', 'welche STRASSE'],
      ['café', 'un CAFE\u0301 !'],
      ['ساعات', 'ما هي سَاعَات العمل؟'],
      ['إلغاء', 'الغاء الطلب'],
      ['ساعات العمل', 'ما هي ســاعات العمل'],
      ['समय', 'खुलने का समय क्या है'],
      ['营业时间', '请问营业时间是什么'],
      ['hours', 'ｈｏｕｒｓ'],
      ['hours', 'ho\u200Burs'],
      ['ışık', 'IŞIK'],
      ['часы', 'Какие ЧАСЫ работы'],
    ] as const)
      assert.ok(matches(keyword, text), `${keyword} in ${text}`)
  })

  test('parts of words and other words are not found', () => {
    for (const [keyword, text] of [
      ['art', 'start the party'],
      ['hours', 'hour'],
      ['opening hours', 'opening the hours'],
      ['बंद', 'बद'],
      ['ساعات', 'ساعاتنا'],
      ['.*', 'anything'],
    ] as const)
      assert.ok(!matches(keyword, text), `${keyword} in ${text}`)
  })

  test('any keyword is found wherever it stands between spaces', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,12}$/)
    fc.assert(
      fc.property(fc.array(word), word, fc.array(word), (left, keyword, right) => {
        assert.ok(matches(keyword, [...left, keyword.toUpperCase(), ...right].join(' ')))
      }),
    )
  })

  test('folding twice changes nothing more, and no text is too strange for it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        assert.equal(foldText(foldText(text)), foldText(text))
        assert.ok(wordsOf(text).every((word) => word !== ''))
        consentWord(text)
      }),
    )
  })

  test('100 kB of the nastiest text take no longer than the compared beginning', () => {
    const nasty = [
      'a\u0301'.repeat(50_000),
      '\u0651'.repeat(100_000),
      'hours '.repeat(20_000),
      'ﷺ'.repeat(50_000),
    ]
    const started = process.cpuUsage()
    for (const text of nasty) matches('hours hours hours x', text)
    assert.ok(process.cpuUsage(started).user < 1_000_000)
  })

  test('exactly one rule answers: the first by priority that matches and is not cooling down', () => {
    const rules = fc.uniqueArray(
      fc.record({
        id: fc.uuid(),
        channelId: fc.constantFrom(null, 'c', 'd'),
        kind: fc.constantFrom('keyword' as const, 'first-message' as const),
        words: fc.constantFrom(['hours'], ['price'], ['price', 'hours']),
        priority: fc.integer({ min: 1, max: 3 }),
        cooldownSeconds: fc.constantFrom(0, 60),
        enabled: fc.boolean(),
      }),
      { selector: ({ id }) => id, maxLength: 8 },
    )
    fc.assert(
      fc.property(rules, fc.boolean(), fc.constantFrom(0, 59, 60), (given, first, agoSeconds) => {
        const all = given.map((one) => rule(one))
        const last = new Date(NOW.getTime() - agoSeconds * 1000)
        const lastFired = new Map(all.map(({ id }) => [id, last]))
        const { chosen, verdicts } = chooseRule(all, asked({ first, lastFired }))
        const able = all.filter(
          (one) =>
            one.enabled &&
            one.channelId !== 'd' &&
            (one.kind === 'keyword' ? one.words.includes('hours') : first) &&
            agoSeconds >= one.cooldownSeconds,
        )
        const best = able.toSorted((a, b) => a.priority - b.priority || a.id.localeCompare(b.id))[0]
        assert.equal(chosen?.id, best?.id)
        assert.equal(verdicts.filter(({ verdict }) => verdict === 'fires').length, best === undefined ? 0 : 1)
        assert.equal(verdicts.length, all.length)
      }),
    )
  })

  test('STOP and START are whole messages in several languages, never parts of a sentence', () => {
    for (const text of [
      'STOP',
      ' stop. ',
      'Stop!',
      'ＳＴＯＰ',
      'Unsubscribe',
      'stop  all',
      'توقف',
      'الغاء',
      'إيقـاف',
      'ARRET',
      'रोकें',
      'стоп',
    ])
      assert.equal(consentWord(text), 'stopped', text)
    for (const text of ['Start', 'unstop', 'ابدأ', 'başla']) assert.equal(consentWord(text), 'started', text)
    for (const text of ['stop by tomorrow', 'please stop texting me', 'bus stop', '', '...', 'do not stop'])
      assert.equal(consentWord(text), null, text)
  })

  test('a phrase without words matches nothing', () => {
    assert.ok(!containsPhrase(['a'], []))
    assert.ok(!matches('🎉', 'party 🎉'))
  })
})
