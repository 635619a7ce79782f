import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Secret, TOTP, URI } from 'otpauth'
import { base32, matchingStep, newTotpSecret, otpauthUri, stepAt, totpCode } from './totp.ts'

/** RFC 6238 Appendix B: seconds since 1970 and the codes with SHA-1, SHA-256 and SHA-512. */
const APPENDIX_B = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
] as const
const DIGITS = '1234567890'.repeat(7)

suite('policy 3.1-a: codes of a time-based factor', () => {
  for (const [seconds, sha1, sha256, sha512] of APPENDIX_B)
    test(`policy 3.1-a: RFC 6238 appendix B at ${seconds}`, () => {
      const step = stepAt(new Date(seconds * 1000))
      const code = (algorithm: 'sha1' | 'sha256' | 'sha512', length: number): string =>
        totpCode(Buffer.from(DIGITS.slice(0, length)), step, { algorithm, digits: 8 })
      assert.deepEqual([code('sha1', 20), code('sha256', 32), code('sha512', 64)], [sha1, sha256, sha512])
    })

  test('policy 3.1-a: an independent implementation makes the same codes and reads the same secret', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const secret = newTotpSecret()
        const other = new TOTP({ secret: Secret.fromBase32(base32(secret)) })
        const moment = new Date(seconds * 1000)
        assert.equal(totpCode(secret, stepAt(moment)), other.generate({ timestamp: moment.getTime() }))
      }),
      { numRuns: 200 },
    )
  })

  test('policy 3.1-a: a code is good one step before and after its own, and no further', () => {
    const secret = newTotpSecret()
    const now = new Date('2026-01-30T12:00:00Z')
    const at = (offset: number): number | null =>
      matchingStep(secret, totpCode(secret, stepAt(now) + offset), now)
    assert.deepEqual([-2, -1, 0, 1, 2].map(at), [null, stepAt(now) - 1, stepAt(now), stepAt(now) + 1, null])
  })

  test('policy 3.1-a: anything that is not six digits is refused without an error', () => {
    const secret = newTotpSecret()
    const now = new Date('2026-01-30T12:00:00Z')
    const code = totpCode(secret, stepAt(now))
    for (const hostile of ['', '1', `${code}0`, ` ${code}`, code.slice(0, 5), '١٢٣٤٥٦', '\0'.repeat(6)])
      assert.equal(matchingStep(secret, hostile, now), null)
  })

  test('policy 3.1-a: the address for authenticator apps reads back to the same factor', () => {
    const secret = newTotpSecret()
    const uri = otpauthUri(secret, 'Surety', 'sample person@example.org')
    const moment = 1_769_774_400_000
    const code = totpCode(secret, stepAt(new Date(moment)))
    assert.equal(URI.parse(uri).toString().includes(base32(secret)), true)
    const read = URI.parse(uri)
    assert.equal(read instanceof TOTP && read.generate({ timestamp: moment }), code)
  })
})
