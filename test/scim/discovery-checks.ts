import { randomUUID } from 'node:crypto'
import { must, mustBe, resourcesOf, type Check, type Send } from './client.ts'

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

async function refused(
  send: Send,
  path: string,
  status: number,
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const reply = mustBe(await send(method, path, method === 'GET' ? undefined : {}, headers), status)
  const { schemas, status: said } = reply.body
  must(Array.isArray(schemas) && schemas.includes(ERROR), 'the refusal has no error schema')
  must(said === String(status), 'the refusal does not repeat its status')
  must(
    (reply.headers.get('content-type') ?? '').startsWith('application/scim+json'),
    'the refusal is no scim+json',
  )
}

function endpoint(path: string): Check[] {
  return ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({
    id: `discovery:method:${path.slice(1)}:${method}`,
    run: (send) => refused(send, path, 405, method),
  }))
}

function listing(path: '/ResourceTypes' | '/Schemas'): Check[] {
  return [
    {
      id: `discovery:list:${path.slice(1)}`,
      run: async (send) =>
        must(resourcesOf(mustBe(await send('GET', path), 200).body).length > 0, 'the list is empty'),
    },
    {
      id: `discovery:each:${path.slice(1)}`,
      run: async (send) => {
        for (const one of resourcesOf(mustBe(await send('GET', path), 200).body)) {
          const { body } = mustBe(await send('GET', `${path}/${String(one['id'])}`), 200)
          must(body['id'] === one['id'], `${String(one['id'])} is another one by itself`)
        }
      },
    },
    {
      id: `discovery:unknown:${path.slice(1)}`,
      run: (send) => refused(send, `${path}/${randomUUID()}`, 404),
    },
  ]
}

/** What a client finds out before it does anything, and what it meets where there is nothing. */
export const discoveryChecks: readonly Check[] = [
  {
    id: 'discovery:service-provider-config',
    run: async (send) => {
      const { body } = mustBe(await send('GET', '/ServiceProviderConfig'), 200)
      for (const part of [
        'patch',
        'bulk',
        'filter',
        'changePassword',
        'sort',
        'etag',
        'authenticationSchemes',
      ])
        must(body[part] !== undefined, `${part} is missing`)
    },
  },
  ...endpoint('/ServiceProviderConfig'),
  ...listing('/ResourceTypes'),
  ...endpoint('/ResourceTypes'),
  ...listing('/Schemas'),
  ...endpoint('/Schemas'),
  {
    id: 'discovery:core-schemas',
    run: async (send) => {
      const names = resourcesOf(mustBe(await send('GET', '/Schemas'), 200).body).map((one) => one['name'])
      for (const name of [
        'ResourceType',
        'ServiceProviderConfig',
        'Schema',
        'User',
        'EnterpriseUser',
        'Group',
      ])
        must(names.includes(name), `${name} is missing`)
    },
  },
  {
    id: 'discovery:schemas-of-types',
    run: async (send) => {
      for (const one of resourcesOf(mustBe(await send('GET', '/ResourceTypes'), 200).body))
        mustBe(await send('GET', `/Schemas/${String(one['schema'])}`), 200)
    },
  },
  { id: 'misc:unknown-address', run: (send) => refused(send, `/${randomUUID()}`, 404) },
  { id: 'misc:me', run: (send) => refused(send, '/Me', 501) },
  { id: 'misc:unknown-user', run: (send) => refused(send, `/Users/${randomUUID()}`, 404) },
  {
    id: 'misc:no-token',
    run: (send) => refused(send, '/Users', 401, 'GET', { authorization: 'Bearer scim_nothing' }),
  },
]
