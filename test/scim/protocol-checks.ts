import { must, mustBe, resourcesOf, type Check, type Json, type Send } from './client.ts'

const BULK = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
const PATCH = ['urn:ietf:params:scim:api:messages:2.0:PatchOp']
let made = 0

async function user(send: Send, more: Json = {}): Promise<Json> {
  made += 1
  const body = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: `protocol-${made}`,
    ...more,
  }
  return mustBe(await send('POST', '/Users', body), 201).body
}

const ask = (send: Send, query: Readonly<Record<string, string>>, type = '/Users') =>
  send('GET', `${type}?${new URLSearchParams(query).toString()}`)

async function idsOf(send: Send, query: Readonly<Record<string, string>>): Promise<unknown[]> {
  return resourcesOf(mustBe(await ask(send, query), 200).body).map((one) => one['id'])
}

async function refusedAs(asked: Promise<{ status: number; body: Json }>, status: number, scimType?: string) {
  const { status: got, body } = await asked
  must(got === status && body['scimType'] === scimType, `answered ${got} ${String(body['scimType'])}`)
}

const filters: readonly Check[] = Object.entries({
  eq: (tag: string) => `title eq "${tag}"`,
  'eq-any-case': (tag: string) => `TITLE EQ "${tag.toUpperCase()}"`,
  co: (tag: string) => `title co "${tag.slice(2)}"`,
  sw: (tag: string) => `title sw "${tag}"`,
  ew: (tag: string) => `title ew "${tag}"`,
  and: (tag: string) => `title eq "${tag}" and active eq true`,
  or: (tag: string) => `title eq "${tag}" or title eq "nobody-has-this"`,
  not: (tag: string) => `title eq "${tag}" and not (active eq false)`,
  'value-path': (tag: string) => `emails[type eq "work" and value eq "${tag}@example.com"]`,
  'value-path-sub': (tag: string) => `emails[type eq "work"].value eq "${tag}@example.com"`,
  'indexed-email': (tag: string) => `emails.value eq "${tag}@EXAMPLE.com"`,
  'indexed-external-id': (tag: string) => `externalId eq "${tag}"`,
  extension: (tag: string) =>
    `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "${tag}"`,
}).map(([name, filterOf]) => ({
  id: `filter:${name}`,
  run: async (send) => {
    made += 1
    const tag = `tag-${made}`
    const { id } = await user(send, {
      title: tag,
      externalId: tag,
      emails: [{ type: 'work', value: `${tag}@example.com` }],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: tag },
    })
    const ids = await idsOf(send, { filter: filterOf(tag) })
    must(ids.length === 1 && ids[0] === id, `found ${ids.length}`)
  },
}))

/** How lists, versions, errors and bulk requests behave beyond what the two suites look at. */
export const protocolChecks: readonly Check[] = [
  ...filters,
  {
    id: 'filter:unknown-attribute',
    run: (send) => refusedAs(ask(send, { filter: 'nothing eq "x"' }), 400, 'invalidFilter'),
  },
  {
    id: 'filter:broken',
    run: (send) => refusedAs(ask(send, { filter: 'userName eq' }), 400, 'invalidFilter'),
  },
  {
    id: 'sort:both-ways',
    run: async (send) => {
      made += 1
      const tag = `sort-${made}`
      for (const name of ['b', 'a', 'c']) await user(send, { title: tag, displayName: name })
      for (const [sortOrder, wanted] of [
        ['ascending', 'abc'],
        ['descending', 'cba'],
      ] as const) {
        const reply = mustBe(
          await ask(send, { filter: `title eq "${tag}"`, sortBy: 'displayName', sortOrder }),
          200,
        )
        must(
          resourcesOf(reply.body)
            .map((one) => one['displayName'])
            .join('') === wanted,
          `${sortOrder} is not ${wanted}`,
        )
      }
    },
  },
  {
    id: 'page:index',
    run: async (send) => {
      for (let one = 0; one < 3; one += 1) await user(send)
      const first = mustBe(await ask(send, { startIndex: '1', count: '2' }), 200).body
      const second = mustBe(await ask(send, { startIndex: '3', count: '2' }), 200).body
      must(first['itemsPerPage'] === 2 && second['startIndex'] === 3, 'the pages are not told apart')
      const ids = resourcesOf(first).map((one) => one['id'])
      must(
        resourcesOf(second).every((one) => !ids.includes(one['id'])),
        'the pages overlap',
      )
      must(
        mustBe(await ask(send, { count: '0' }), 200).body['totalResults'] === first['totalResults'],
        'count=0 does not count',
      )
      must(
        mustBe(await ask(send, { startIndex: '-5', count: '-5' }), 200).body['itemsPerPage'] === 0,
        'negative figures are not taken for nothing',
      )
    },
  },
  {
    id: 'page:cursor',
    run: async (send) => {
      for (let one = 0; one < 5; one += 1) await user(send)
      const total = Number(mustBe(await ask(send, { count: '0' }), 200).body['totalResults'])
      const seen = new Set<unknown>()
      for (let cursor: unknown = ''; typeof cursor === 'string';) {
        const { body } = mustBe(await ask(send, { cursor, count: '7' }), 200)
        for (const one of resourcesOf(body)) seen.add(one['id'])
        cursor = body['nextCursor']
      }
      must(seen.size === total, `${seen.size} of ${total}`)
    },
  },
  {
    id: 'page:wrong-cursor',
    run: (send) => refusedAs(ask(send, { cursor: 'bm90aGluZw' }), 400, 'invalidCursor'),
  },
  {
    id: 'etag:if-match',
    run: async (send) => {
      const { id } = await user(send)
      const path = `/Users/${String(id)}`
      const tag = mustBe(await send('GET', path), 200).headers.get('etag') ?? ''
      mustBe(await send('GET', path, undefined, { 'if-none-match': tag }), 304)
      const change = { schemas: PATCH, Operations: [{ op: 'replace', path: 'title', value: 'x' }] }
      mustBe(await send('PATCH', path, change, { 'if-match': tag }), 204)
      mustBe(await send('PATCH', path, change, { 'if-match': tag }), 412)
      mustBe(await send('PUT', path, { userName: 'x' }, { 'if-match': tag }), 412)
      mustBe(await send('DELETE', path, undefined, { 'if-match': tag }), 412)
      mustBe(await send('DELETE', path, undefined, { 'if-match': '*' }), 204)
    },
  },
  {
    id: 'bulk:references',
    run: async (send) => {
      made += 1
      const Operations = [
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g',
          data: { displayName: 'bulk', members: [{ value: 'bulkId:u' }] },
        },
        { method: 'POST', path: '/Users', bulkId: 'u', data: { userName: `bulk-${made}` } },
        {
          method: 'PATCH',
          path: '/Users/bulkId:u',
          data: { schemas: PATCH, Operations: [{ op: 'add', path: 'title', value: 'x' }] },
        },
      ]
      const { body } = mustBe(await send('POST', '/Bulk', { schemas: BULK, Operations }), 200)
      const answers = body['Operations'] as readonly Json[]
      must(answers.map((one) => one['status']).join() === '201,201,204', JSON.stringify(answers))
    },
  },
  {
    id: 'bulk:fail-on-errors',
    run: async (send) => {
      const wrong = { method: 'POST', path: '/Users', data: {} }
      const Operations = [1, 2, 3].map((one) => ({ ...wrong, bulkId: `b${one}` }))
      const { body } = mustBe(
        await send('POST', '/Bulk', { schemas: BULK, failOnErrors: 2, Operations }),
        200,
      )
      must((body['Operations'] as readonly Json[]).length === 2, 'it went on')
    },
  },
  {
    id: 'bulk:too-many',
    run: async (send) => {
      const Operations = Array.from({ length: 1001 }, () => ({ method: 'DELETE', path: '/Users/x' }))
      mustBe(await send('POST', '/Bulk', { schemas: BULK, Operations }), 413)
    },
  },
  {
    id: 'error:uniqueness',
    run: async (send) => {
      const { userName } = await user(send)
      await refusedAs(send('POST', '/Users', { userName: String(userName).toUpperCase() }), 409, 'uniqueness')
    },
  },
  {
    id: 'error:required',
    run: (send) => refusedAs(send('POST', '/Users', { title: 'x' }), 400, 'invalidValue'),
  },
  {
    id: 'error:mutability',
    run: async (send) => {
      const { id } = await user(send)
      const Operations = [{ op: 'replace', path: 'id', value: 'x' }]
      await refusedAs(
        send('PATCH', `/Users/${String(id)}`, { schemas: PATCH, Operations }),
        400,
        'mutability',
      )
    },
  },
  {
    id: 'error:no-target',
    run: async (send) => {
      const { id } = await user(send)
      await refusedAs(
        send('PATCH', `/Users/${String(id)}`, { schemas: PATCH, Operations: [{ op: 'remove' }] }),
        400,
        'noTarget',
      )
    },
  },
  {
    id: 'error:invalid-path',
    run: async (send) => {
      const { id } = await user(send)
      const Operations = [{ op: 'add', path: 'nothing', value: 'x' }]
      await refusedAs(
        send('PATCH', `/Users/${String(id)}`, { schemas: PATCH, Operations }),
        400,
        'invalidPath',
      )
    },
  },
]
