import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FactorKind } from '../../kernel/caller.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { dutyOf, reached, suffices } from './standing.ts'

const KINDS: readonly FactorKind[] = [
  'password',
  'totp',
  'sms',
  'webauthn',
  'user-verification',
  'recovery-code',
  'upstream',
]
const SCOPES = ['nobody', 'staff', 'administrators'] as const
const proved = fc.array(fc.constantFrom(...KINDS), { maxLength: 6 })
const standing = fc.record({ staff: fc.boolean(), administers: fc.boolean() })
const policyOf = (scope: string) => policyWith({ 'mfa.phishing-resistant': scope })

test('policy 3.1-0: one factor, however often it was proved, never suffices for anybody', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.nat({ max: 5 }),
      standing,
      fc.constantFrom(...SCOPES),
      (kind, times, who, scope) => {
        const duty = dutyOf(policyOf(scope), who)
        assert.equal(
          suffices(
            duty,
            Array.from({ length: times }, () => kind),
          ),
          false,
        )
      },
    ),
  )
})

test('policy 3.1-c: what the policy asks keys of reaches data with a key only, and text messages count for no staff', () => {
  fc.assert(
    fc.property(proved, standing, fc.constantFrom(...SCOPES), (factors, who, scope) => {
      const level = reached(policyOf(scope), { level: 'full', factors }, who)
      assert.ok(level === 'full' || level === 'enrolling')
      if (level !== 'full') return
      const needsKey = (who.staff && scope !== 'nobody') || (who.administers && scope === 'administrators')
      if (needsKey) assert.ok(factors.includes('webauthn'))
      if (who.staff || who.administers) assert.ok(new Set(factors.filter((one) => one !== 'sms')).size >= 2)
    }),
  )
})

test('policy 3.1-b: a text message beside a key is no second factor of somebody who administers', () => {
  for (const scope of SCOPES)
    for (const who of [
      { staff: true, administers: false },
      { staff: false, administers: true },
    ]) {
      const level = reached(policyOf(scope), { level: 'full', factors: ['sms', 'webauthn'] }, who)
      assert.equal(level, 'enrolling')
    }
})

test('policy 3.1-c: a stricter policy never lets anybody further, and a level that waits stays as it is', () => {
  fc.assert(
    fc.property(proved, standing, (factors, who) => {
      const full = SCOPES.map((scope) => reached(policyOf(scope), { level: 'full', factors }, who))
      for (const [at, level] of full.entries())
        if (level === 'full') assert.ok(full.slice(0, at).every((one) => one === 'full'))
      for (const level of ['password', 'enrolling'] as const)
        assert.equal(reached(policyOf('nobody'), { level, factors }, who), level)
    }),
  )
})
