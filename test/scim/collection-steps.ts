/** A line of a test script, in the words that the Postman sandbox knows. */
type Line = string

/** One request of a collection with the lines of its test script. */
export interface Step {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly lines: readonly Line[]
}

const PATCH = ['urn:ietf:params:scim:api:messages:2.0:PatchOp']
/** The schema of a person. */
export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
/** What employers add to a person. */
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
/** The schemas of a group. */
export const GROUP = ['urn:ietf:params:scim:schemas:core:2.0:Group']

const text = (value: unknown): string => JSON.stringify(value)
/** The status is this. */
export const status = (code: number): Line =>
  `pm.test("status ${code}", () => pm.response.to.have.status(${code}))`
/** Keeps the id that came back under a name. */
export const keep = (name: string): Line => `pm.environment.set(${text(name)}, pm.response.json().id)`
/** A place in the answer holds this value. */
export const equal = (path: string, value: unknown): Line =>
  `pm.test(${text(`${path} is ${text(value)}`)}, () => pm.expect(pm.response.json().${path}).to.eql(${text(value)}))`
/** The answer has the id that was kept under this name. */
export const own = (name: string): Line =>
  `pm.test("the id is the one asked for", () => pm.expect(pm.response.json().id).to.eql(pm.environment.get(${text(name)})))`
/** The answer holds this text. */
export const says = (part: string): Line =>
  `pm.test(${text(`says ${part}`)}, () => pm.expect(pm.response.text()).to.include(${text(part)}))`
/** The answer does not hold this text. */
export const silent = (part: string): Line =>
  `pm.test(${text(`does not say ${part}`)}, () => pm.expect(pm.response.text()).to.not.include(${text(part)}))`
/** The answer holds the id that was kept under this name. */
export const names = (name: string): Line =>
  `pm.test(${text(`names ${name}`)}, () => pm.expect(pm.response.text()).to.include(pm.environment.get(${text(name)})))`

/** A GET with its test lines. */
export const get = (name: string, path: string, ...lines: Line[]): Step => ({
  name,
  method: 'GET',
  path,
  lines,
})
/** A DELETE that answers 204. */
export const remove = (name: string, path: string): Step => ({
  name,
  method: 'DELETE',
  path,
  lines: [status(204)],
})
/** A request with a body. */
export const send = (method: string, name: string, path: string, body: unknown, ...lines: Line[]): Step => ({
  name,
  method,
  path,
  body,
  lines,
})

/** A person as a directory sends one. */
export function person(userName: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schemas: [USER],
    userName,
    active: true,
    displayName: 'Sample Display',
    externalId: '{{$guid}}',
    name: { formatted: 'Sample Person', familyName: 'Worker', givenName: 'Sample' },
    emails: [
      { Primary: true, type: 'work', value: 'shared@example.com' },
      { Primary: false, type: 'home', value: 'home@example.net' },
    ],
    ...more,
  }
}

/** Somebody with everything, and with nulls where nothing is known. */
export function full(userName: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return person(userName, {
    externalId: 'same-for-several',
    addresses: [
      {
        country: 'Bermuda',
        formatted: '1 Sample Road\nSample Town',
        locality: 'Sample Town',
        type: 'work',
        primary: false,
      },
      {
        country: null,
        formatted: '2 Sample Road',
        locality: null,
        postalCode: null,
        type: 'other',
        primary: false,
      },
    ],
    phoneNumbers: [
      { type: 'fax', primary: false, value: '555-0100' },
      { type: 'work', primary: true, value: '555-0101' },
    ],
    meta: { created: '2019-09-18T18:15:26.5788954+00:00', resourceType: 'User' },
    name: { formatted: 'Sample Person', familyName: 'Worker', givenName: 'Sample', honorificPrefix: null },
    preferredLanguage: 'xh',
    roles: [],
    title: 'Site engineer',
    ...more,
  })
}

/** A PATCH of one operation. */
export const patch = (name: string, path: string, operation: unknown, ...lines: Line[]): Step =>
  send('PATCH', name, path, { schemas: PATCH, Operations: [operation] }, ...lines)
