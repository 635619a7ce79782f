import { isDeepStrictEqual } from 'node:util'
import { groupType } from '../../platform/access/provisioning/scim/group-schema.ts'
import { userType } from '../../platform/access/provisioning/scim/user-schema.ts'
import type { Attribute, ResourceType } from '../../platform/access/provisioning/scim/attribute.ts'
import { must, mustBe, resourcesOf, type Check, type Json, type Send } from './client.ts'

const PATCH = ['urn:ietf:params:scim:api:messages:2.0:PatchOp']
let made = 0

/** A value of an attribute that was never sent before. */
function valueOf(attribute: Attribute, user: string | undefined): unknown {
  made += 1
  const one = (): unknown => {
    if (attribute.type === 'complex') return complexOf(attribute, user)
    if (attribute.type === 'boolean') return made % 2 === 0
    if (attribute.type === 'binary') return Buffer.from(`sample ${made}`).toString('base64')
    if (attribute.type === 'reference') return `https://example.com/${made}`
    if (attribute.name === 'userName') return `sample-${made}@example.com`
    return attribute.canonicalValues?.[0] ?? `sample ${made}`
  }
  return attribute.multiValued ? [one()] : one()
}

function complexOf({ name, subAttributes = [] }: Attribute, user: string | undefined): Json {
  if (name === 'members') return { value: user ?? 'nobody' }
  if (name === 'manager') return { value: user ?? 'nobody' }
  const parts = subAttributes.filter((one) => one.mutability !== 'readOnly' && one.name !== 'primary')
  return Object.fromEntries(
    parts.map((one) => [
      one.name,
      one.name === 'value' && name === 'emails' ? `sample-${made}@example.com` : valueOf(one, user),
    ]),
  )
}

/** Whether everything that was sent came back, perhaps with more beside it. */
function holds(sent: unknown, got: unknown): boolean {
  if (Array.isArray(sent))
    return Array.isArray(got) && sent.every((one) => (got as unknown[]).some((other) => holds(one, other)))
  if (typeof sent !== 'object' || sent === null) return isDeepStrictEqual(sent, got)
  if (typeof got !== 'object' || got === null) return false
  return Object.entries(sent).every(([key, part]) => holds(part, (got as Json)[key]))
}

interface Place {
  readonly path: string
  readonly attribute: Attribute
  read(resource: Json): unknown
}

function places(type: ResourceType): Place[] {
  const writable = (one: Attribute): boolean => one.mutability !== 'readOnly' && !one.required
  const own = type.core.attributes.filter(writable).map((attribute): Place => ({
    path: attribute.name,
    attribute,
    read: (resource) => resource[attribute.name],
  }))
  const { extension } = type
  if (extension === null) return own
  const more = extension.attributes.filter(writable).map((attribute): Place => ({
    path: `${extension.id}:${attribute.name}`,
    attribute,
    read: (resource) => (resource[extension.id] as Json | undefined)?.[attribute.name],
  }))
  return [...own, ...more]
}

function minimal(type: ResourceType): Record<string, unknown> {
  made += 1
  return {
    schemas: [type.core.id, ...(type.extension === null ? [] : [type.extension.id])],
    ...(type.name === 'User'
      ? { userName: `sample-${made}@example.com` }
      : { displayName: `Sample ${made}` }),
  }
}

function filled(type: ResourceType, user: string): Record<string, unknown> {
  const all = minimal(type)
  for (const { attribute, path } of places(type)) {
    if (!path.startsWith('urn:')) all[attribute.name] = valueOf(attribute, user)
    else {
      const id = type.extension?.id ?? ''
      all[id] = { ...(all[id] as Json | undefined), [attribute.name]: valueOf(attribute, user) }
    }
  }
  return all
}

async function make(send: Send, type: ResourceType, body: unknown): Promise<Json> {
  return mustBe(await send('POST', type.endpoint, body), 201).body
}

async function someUser(send: Send): Promise<string> {
  return String((await make(send, userType, minimal(userType)))['id'])
}

function crud(type: ResourceType): Check[] {
  const { name, endpoint } = type
  return [
    {
      id: `crud:create:${name}`,
      run: async (send) => {
        const sent = filled(type, await someUser(send))
        const reply = mustBe(await send('POST', endpoint, sent), 201)
        must(
          reply.headers.get('location') === (reply.body['meta'] as Json)['location'],
          'Location is not meta.location',
        )
        const { schemas: _schemas, ...rest } = sent
        must(holds(rest, reply.body), `not everything came back: ${JSON.stringify(reply.body)}`)
      },
    },
    {
      id: `crud:read:${name}`,
      run: async (send) => {
        const before = await make(send, type, filled(type, await someUser(send)))
        const after = mustBe(await send('GET', `${endpoint}/${String(before['id'])}`), 200).body
        must(isDeepStrictEqual(before, after), 'reading gives something else than making')
      },
    },
    {
      id: `crud:list:${name}`,
      run: async (send) => {
        const { id } = await make(send, type, minimal(type))
        const { body } = mustBe(await send('GET', `${endpoint}?count=500`), 200)
        must(
          resourcesOf(body).some((one) => one['id'] === id),
          'the list does not hold what was made',
        )
      },
    },
    {
      id: `crud:update:${name}`,
      run: async (send) => {
        const user = await someUser(send)
        const { id } = await make(send, type, filled(type, user))
        const sent: Record<string, unknown> = { ...filled(type, user), id }
        const reply = mustBe(await send('PUT', `${endpoint}/${String(id)}`, sent), 200)
        const { schemas: _schemas, ...rest } = sent
        must(holds(rest, reply.body), 'not everything was replaced')
      },
    },
    {
      id: `crud:delete:${name}`,
      run: async (send) => {
        const { id } = await make(send, type, minimal(type))
        mustBe(await send('DELETE', `${endpoint}/${String(id)}`), 204)
        mustBe(await send('GET', `${endpoint}/${String(id)}`), 404)
        mustBe(await send('DELETE', `${endpoint}/${String(id)}`), 404)
      },
    },
  ]
}

function attributeChecks(type: ResourceType): Check[] {
  const { name, endpoint } = type
  const [included = '', excluded = ''] =
    type.name === 'User' ? ['name', 'displayName'] : ['displayName', 'members']
  const ways: Readonly<
    Record<string, (send: Send, id: string, query: Readonly<Record<string, string>>) => Promise<Json>>
  > = {
    one: async (send, id, query) =>
      mustBe(await send('GET', `${endpoint}/${id}?${new URLSearchParams(query).toString()}`), 200).body,
    list: async (send, id, query) =>
      resourcesOf(
        mustBe(
          await send('GET', `${endpoint}?${new URLSearchParams({ ...query, count: '500' }).toString()}`),
          200,
        ).body,
      ).find((one) => one['id'] === id) ?? {},
    search: async (send, id, query) => {
      const lists = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, [value]]))
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest']
      const reply = mustBe(
        await send('POST', '/.search', { schemas, ...lists, filter: `id eq "${id}"` }),
        200,
      )
      return resourcesOf(reply.body).find((one) => one['id'] === id) ?? {}
    },
  }
  return Object.entries(ways).flatMap(([way, ask]): Check[] => [
    {
      id: `attributes:${way}:${name}`,
      run: async (send) => {
        const { id } = await make(send, type, filled(type, await someUser(send)))
        const shown = await ask(send, String(id), { attributes: included })
        must(
          shown[included] !== undefined && shown[excluded] === undefined,
          `shows ${Object.keys(shown).join(', ')}`,
        )
      },
    },
    {
      id: `excludedAttributes:${way}:${name}`,
      run: async (send) => {
        const { id } = await make(send, type, filled(type, await someUser(send)))
        const shown = await ask(send, String(id), { excludedAttributes: excluded })
        must(shown['id'] === id && shown[excluded] === undefined, `shows ${Object.keys(shown).join(', ')}`)
      },
    },
  ])
}

function patchChecks(type: ResourceType): Check[] {
  const change = async (send: Send, id: unknown, operation: unknown): Promise<Json> => {
    mustBe(
      await send('PATCH', `${type.endpoint}/${String(id)}`, { schemas: PATCH, Operations: [operation] }),
      204,
    )
    return mustBe(await send('GET', `${type.endpoint}/${String(id)}`), 200).body
  }
  return places(type).flatMap(({ path, attribute, read }): Check[] => [
    {
      id: `patch:add:${type.name}:${path}`,
      run: async (send) => {
        const value = valueOf(attribute, await someUser(send))
        const { id } = await make(send, type, minimal(type))
        const got = read(await change(send, id, { op: 'add', path, value }))
        must(holds(value, got), `${JSON.stringify(got)} instead of ${JSON.stringify(value)}`)
      },
    },
    {
      id: `patch:replace:${type.name}:${path}`,
      run: async (send) => {
        const user = await someUser(send)
        const { id } = await make(send, type, filled(type, user))
        const value = valueOf(attribute, user)
        const got = read(await change(send, id, { op: 'replace', path, value }))
        must(holds(value, got), `${JSON.stringify(got)} instead of ${JSON.stringify(value)}`)
      },
    },
    {
      id: `patch:remove:${type.name}:${path}`,
      run: async (send) => {
        const { id } = await make(send, type, filled(type, await someUser(send)))
        const got = read(await change(send, id, { op: 'remove', path }))
        must(got === undefined || (Array.isArray(got) && got.length === 0), `${JSON.stringify(got)} is left`)
      },
    },
  ])
}

/** Every resource type through its life, and every attribute of its schema through PATCH. */
export const modelChecks: readonly Check[] = [userType, groupType].flatMap((type) => [
  ...crud(type),
  ...attributeChecks(type),
  ...patchChecks(type),
])
