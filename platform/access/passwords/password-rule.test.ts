import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { policyWith } from '../../kernel/parameter.ts'
import { passwordFaults } from './password-rule.ts'

const policy = policyWith({ 'password.length': 12, 'password.classes': '3' })
const good = (password: string): boolean => passwordFaults(policy, password).length === 0

suite('policy 3.3-a: the password rule', () => {
  test('policy 3.3-a: 12 characters of three classes pass, 11 or two classes do not', () => {
    assert.equal(good('abcdefGHIJ12'), true)
    assert.equal(good('abcdefGHIJ1'), false)
    assert.equal(good('abcdefGHIJKL'), false)
    assert.equal(good('abcdefghij12'), false)
    assert.equal(good('abcdef-hij12'), true)
    assert.equal(good('correct horse Battery'), true)
  })

  test('policy 3.3-a: the values of the policy are obeyed, and every reason is named', () => {
    const strict = policyWith({ 'password.length': 16, 'password.classes': '4' })
    assert.equal(passwordFaults(strict, 'abcdefGHIJ12').length, 2)
    assert.equal(passwordFaults(strict, 'short').length, 2)
  })

  test('policy 3.3-a: characters are counted, not bytes; other forms of one text are one password', () => {
    assert.equal(good('äöüÄÖÜ123456'), true)
    assert.equal(passwordFaults(policy, '😀'.repeat(11)).length > 0, true)
    assert.deepEqual(passwordFaults(policy, 'Ａｂｃｄｅｆｇｈ１２３４'), [])
    assert.equal(good(`Aa1${'x'.repeat(253)}`), true)
    assert.equal(good(`Aa1${'x'.repeat(254)}`), false)
    assert.equal(good(`Aa1-aaaaaaaa\ud800`), false)
  })

  test('policy 3.3-a: no text at all throws, and a good password stays good when it grows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        passwordFaults(policy, text)
        assert.equal(good(`aA1-${'b'.repeat(12)}${text.slice(0, 40).toWellFormed()}`), true)
      }),
    )
  })
})
