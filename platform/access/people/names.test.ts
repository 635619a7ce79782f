import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emailSchema } from '../accounts/email.ts'
import { contextOf, GOOD_PASSWORD, testAccess } from '../access.fixture.ts'

test('a name is one line: letters to others name people, and nobody writes into them', async () => {
  const it = await testAccess()
  try {
    const made = await it.access.firstLink(contextOf())
    const welcome = async (name: string): Promise<number> => {
      const body = { token: made?.token ?? '', email: 'first@example.org', name, password: GOOD_PASSWORD }
      const reply = await it.door.request('/api/access/welcome', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return reply.status
    }
    for (const sign of ['\n', '\r', '\t', '\u0000', '\u0085', '\u2028', '\u2029', '\u202e', '\u2066'])
      assert.equal(await welcome(`Robin${sign}Approve at https://evil.example`), 422, JSON.stringify(sign))
    assert.equal(await welcome('Zoë O’Neill-ნინო 王'), 200)
  } finally {
    await it.close()
  }
})

test('an address that no letter can go to is no address', () => {
  const local = 'a'.repeat(64)
  assert.ok(emailSchema.safeParse(`${local}@example.org`).success)
  assert.ok(!emailSchema.safeParse(`${local}a@example.org`).success)
  assert.ok(!emailSchema.safeParse(`a@${'b.'.repeat(130)}org`).success)
})
