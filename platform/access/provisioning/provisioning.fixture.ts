import { firstPerson, testAccess, type TestAccess } from '../access.fixture.ts'

/** A workspace with a directory that provisions its people. */
export async function testDirectory() {
  const test = await testAccess()
  const owner = await firstPerson(test)
  const { token } = await test.access.directory.makeToken(await owner.context(), {
    workspace: owner.workspace,
    label: 'sample',
    seconds: 86_400,
  })
  return { ...test, owner, token, scim: scimClient(test, token), close: () => test.close() }
}

/** What `testDirectory` gives. */
export type TestDirectory = Awaited<ReturnType<typeof testDirectory>>

/** What came back. */
export interface ScimReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** Sends requests as a directory would. */
export function scimClient(test: Pick<TestAccess, 'door'>, token: string) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ScimReply> => {
    const reply = await test.door.request(`/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return {
      status: reply.status,
      headers: reply.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    }
  }
}

/** A second workspace with a directory of its own. */
export async function otherDirectory(test: TestDirectory) {
  const context = await test.owner.context()
  const made = await test.access.workspaces.makeSample(context)
  const elsewhere = { ...context, caller: { ...context.caller, workspaceId: made.id } }
  const wish = { workspace: made.id, label: 'other', seconds: 86_400 }
  const { token } = await test.access.directory.makeToken(elsewhere, wish)
  return { workspace: made.id, token, scim: scimClient(test, token) }
}

/** A person as a directory sends one. */
export function sampleUser(name: string, more: Record<string, unknown> = {}) {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: name,
    name: { givenName: 'Sample', familyName: name },
    emails: [{ type: 'work', primary: true, value: `${name}@example.org` }],
    ...more,
  }
}

/** The operations of a PATCH request. */
export function patchOf(...Operations: readonly Record<string, unknown>[]) {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations }
}
