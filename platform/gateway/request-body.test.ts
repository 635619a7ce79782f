import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readJsonBody, readQuery } from './request-body.ts'

const BYTES_MAX = 1_000_000

function read(body: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const request = new Request('https://localhost/', { method: 'POST', body, headers })
  return readJsonBody({ headers: request.headers, body: () => request.body }, BYTES_MAX)
}

suite('bodies and queries', () => {
  const refused = { code: 'request.malformed' }

  test('policy 4.3-a.3: a text that nothing can store is refused, wherever it stands and however it is written', async () => {
    for (const body of [
      String.raw`{"a":"x\u0000"}`,
      String.raw`{"a":"\uD800"}`,
      String.raw`{"a":"\udc00x"}`,
      String.raw`{"a\u0000":1}`,
      String.raw`[[[{"a":["\ud83d"]}]]]`,
    ])
      await assert.rejects(read(body), refused, body)
    for (const query of ['a=%00', '%00=a', 'a=b%00c'])
      assert.throws(() => readQuery(`https://localhost/?${query}`), refused, query)
  })

  test('policy 4.3-a.3: every other text arrives as it was sent, escaped or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        fc.pre(text.isWellFormed() && !text.includes('\0'))
        assert.deepEqual(await read(JSON.stringify({ text })), { text })
        const escaped = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
          .map((unit) => String.raw`\u` + unit.toString(16).padStart(4, '0'))
          .join('')
        assert.deepEqual(await read(`{"text":"${escaped}"}`), { text })
      }),
    )
  })

  test('a body that is nested as deeply as it is long is read or refused, and never ends the process', async () => {
    const deep = (inside: string): string => '['.repeat(100_000) + inside + ']'.repeat(100_000)
    await read(deep('')).catch((error: unknown) =>
      assert.equal((error as { code: string }).code, refused.code),
    )
    await assert.rejects(read(deep(String.raw`"\u0000"`)), refused)
  })
})
