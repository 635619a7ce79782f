import {
  ENTERPRISE,
  equal,
  full,
  get,
  GROUP,
  keep,
  names,
  own,
  patch,
  person,
  remove,
  says,
  send,
  silent,
  status,
  USER,
  type Step,
} from './collection-steps.ts'

const discovery: readonly Step[] = [
  get('people, in any case of the address', '/users', status(200)),
  get('groups', '/Groups', status(200)),
  get('types of resources', '/ResourceTypes', status(200), equal('Resources[0].endpoint', '/Users')),
  get('what the provider offers', '/ServiceProviderConfig', status(200), equal('patch.supported', true)),
  get('schemas', '/Schemas', status(200), says('User Account')),
]

const people: readonly Step[] = [
  send('POST', 'make one', '/Users', person('sample.one'), status(201), keep('one')),
  send(
    'POST',
    'make one with an extension in other case',
    '/Users',
    person('sample.two', {
      schemas: [ENTERPRISE, USER],
      [ENTERPRISE]: { Department: 'tours', Manager: { Value: 'somebody' } },
    }),
    status(201),
    keep('two'),
  ),
  get('read the first', '/Users/{{one}}', status(200), own('one')),
  get('read the second', '/Users/{{two}}', status(200), own('two')),
  get('some attributes only', '/Users?attributes=userName,emails', status(200), names('one')),
  get(
    'filter in other case, with a slash behind',
    '/Users/?filter=DisplayName+eq+%22Sample%20Display%22',
    names('one'),
  ),
  patch('rename', '/Users/{{one}}', { op: 'replace', path: 'userName', value: 'renamed' }, status(204)),
  get('it is renamed', '/Users/{{one}}', status(200), own('one'), equal('userName', 'renamed')),
  send(
    'PUT',
    'replace',
    '/Users/{{two}}',
    person('replaced', { id: '{{two}}', name: { formatted: 'New Name' } }),
    status(200),
  ),
  get('it is replaced', '/Users/{{two}}', status(200), equal('name.formatted', 'New Name')),
  remove('remove the first', '/Users/{{one}}'),
  remove('remove the second', '/Users/{{two}}'),
]

const group = (displayName: string, members: unknown[] = []): Record<string, unknown> => ({
  schemas: GROUP,
  externalId: '{{$guid}}',
  displayName,
  members,
})
const addMember = {
  name: 'addMember',
  op: 'add',
  path: 'members',
  value: [{ displayName: 'new Sample', value: '{{four}}' }],
}

const groups: readonly Step[] = [
  send('POST', 'make an empty group', '/Groups', group('Group One'), status(201), keep('groupOne')),
  send('POST', 'make a person for it', '/Users', person('sample.three'), status(201), keep('three')),
  send(
    'POST',
    'make another with the same address',
    '/Users',
    person('sample.four'),
    status(201),
    keep('four'),
  ),
  send(
    'POST',
    'make a group with a member',
    '/Groups',
    group('Group Two', [{ value: '{{three}}', display: 'VP' }]),
    status(201),
    keep('groupTwo'),
  ),
  get('all groups', '/Groups', status(200)),
  send('POST', 'make a third group', '/Groups', group('Group Three'), status(201), keep('groupThree')),
  send(
    'PUT',
    'replace its members',
    '/Groups/{{groupThree}}',
    {
      schemas: GROUP,
      id: '{{groupThree}}',
      displayName: 'put name',
      members: [{ value: '{{three}}' }, { value: '{{four}}' }],
    },
    status(200),
  ),
  get('its members', '/Groups/{{groupThree}}', status(200), own('groupThree'), names('three')),
  patch('add a member', '/Groups/{{groupOne}}', addMember, status(204)),
  patch(
    'remove it by a filter',
    '/Groups/{{groupOne}}',
    { op: 'remove', path: 'members[value eq "{{four}}"]' },
    status(204),
  ),
  patch('add it again', '/Groups/{{groupOne}}', addMember, status(204)),
  get(
    'the member is shown as it was named',
    '/Groups/{{groupOne}}',
    status(200),
    own('groupOne'),
    says('new Sample'),
  ),
  patch('remove all members', '/Groups/{{groupOne}}', { op: 'remove', path: 'members' }, status(204)),
  get('nobody is left', '/Groups/{{groupOne}}', status(200), own('groupOne'), silent('new Sample')),
  remove('remove a person', '/Users/{{three}}'),
  remove('remove another', '/Users/{{four}}'),
  remove('remove group one', '/Groups/{{groupOne}}'),
  remove('remove group two', '/Groups/{{groupTwo}}'),
  remove('remove group three', '/Groups/{{groupThree}}'),
]

const odd = [
  { Primary: true, type: 'work', value: 'noAddress357' },
  { Primary: false, type: 'home', value: 'home@example.net' },
]

const complexAttributes: readonly Step[] = [
  send(
    'POST',
    'an e-mail that is no address',
    '/Users',
    person('sample.five', { emails: odd }),
    status(201),
    keep('one'),
  ),
  send('POST', 'another', '/Users', person('sample.six'), status(201), keep('two')),
  get(
    'elements of one type only',
    '/Users?attributes=emails%5Btype+eq+%22work%22%5D',
    status(200),
    says('noAddress357'),
  ),
  get(
    'elements of one value only',
    '/Users?attributes=emails%5Bvalue+eq+%22noAddress357%22%5D',
    status(200),
    says('noAddress357'),
  ),
  remove('remove it', '/Users/{{one}}'),
  remove('remove the other', '/Users/{{two}}'),
]

const work = {
  emails: [
    { type: 'work', primary: true, value: 'work@example.com' },
    { type: 'work', primary: false, value: 'more@example.org' },
  ],
}
const taken = (name: string): Step =>
  send('POST', name, '/Users', full('worker3', work), status(409), says('detail'))
const chief = { name: { formatted: 'Sample Chief', familyName: 'Chief', givenName: 'Sample' } }

const oddPeople: readonly Step[] = [
  send(
    'POST',
    'everything at once',
    '/Users',
    full('Original', chief),
    status(201),
    equal('userName', 'Original'),
    equal('active', true),
    keep('first'),
  ),
  send(
    'POST',
    'active as a text',
    '/Users',
    full('worker1', { ...work, active: 'True' }),
    status(201),
    equal('active', true),
    keep('second'),
  ),
  get('two people', '/Users', status(200), equal('totalResults', 2), says('Original')),
  send('POST', 'a third', '/Users', full('worker2', work), status(201), keep('third')),
  send('POST', 'a fourth', '/Users', full('worker3', work), status(201), keep('fourth')),
  send('POST', 'no user name', '/Users', { ...full('x'), userName: undefined }, status(400)),
  {
    name: 'no JSON',
    method: 'POST',
    path: '/Users',
    body: '{"acve": tre, "addresses": [{',
    lines: [status(400)],
  },
  taken('the name is taken'),
  taken('the name is still taken'),
  send(
    'PUT',
    'replace without a user name',
    '/Users/{{first}}',
    { ...full('x'), userName: undefined, userame: 'Original' },
    status(400),
  ),
  send(
    'PUT',
    'replace with an unknown attribute',
    '/Users/{{first}}',
    full('Original', { ...chief, active: false, adreses: [] }),
    status(200),
    silent('adreses'),
  ),
  send(
    'POST',
    'with an extension',
    '/Users',
    full('enterprise', { ...work, [ENTERPRISE]: { Department: 'some department' } }),
    status(201),
    keep('fifth'),
  ),
  patch(
    'rename, the verb in other case',
    '/Users/{{first}}',
    { op: 'Replace', path: 'userName', value: 'newname' },
    status(204),
  ),
  patch('deactivate', '/Users/{{first}}', { op: 'Replace', path: 'active', value: false }, status(204)),
  get('both are done', '/Users/{{first}}', equal('userName', 'newname'), equal('active', false)),
  send(
    'PUT',
    'replace all',
    '/Users/{{first}}',
    full('Original', { ...chief, active: false, addresses: [{ country: 'Germany', type: 'work' }] }),
    status(200),
    equal('userName', 'Original'),
    equal('active', false),
    says('Germany'),
  ),
  get('a page', '/Users?startIndex=1&count=2', equal('totalResults', 5), equal('itemsPerPage', 2)),
  get('some attributes of all', '/Users?attributes=userName,emails', equal('totalResults', 5)),
  taken('the name is taken after all'),
  get(
    'and, or, brackets, texts without quotation marks',
    '/Users?filter=name.FamilyName eq Worker and (emails.Value co example.com or emails.Value co example.nowhere)',
    equal('totalResults', 4),
  ),
  get('starts with', '/Users?filter=userName sw O', equal('totalResults', 1)),
  get(
    'later than',
    '/Users?filter=meta.Created gt 2015-10-10T14:38:21.8617979-07:00',
    equal('totalResults', 5),
  ),
]

const stray = (value: string): unknown => ({ op: 'add', path: 'members', value })

const oddGroups: readonly Step[] = [
  send(
    'POST',
    'make a group',
    '/Groups',
    { schemas: GROUP, displayName: 'Group 1', externalId: 'g-1' },
    status(201),
    keep('group'),
  ),
  patch('a member that is a text', '/Groups/{{group}}', stray('string id 1'), status(204)),
  patch('another', '/Groups/{{group}}', stray('string id 2'), status(204)),
  get('the group', '/Groups/{{group}}', status(200), own('group')),
  get(
    'without its members',
    '/Groups/{{group}}?excludedAttributes=members',
    status(200),
    silent('string id'),
  ),
  send(
    'PUT',
    'replace it',
    '/Groups/{{group}}',
    { schemas: GROUP, id: '{{group}}', displayName: 'Group Renamed', externalId: 'g-2' },
    status(200),
    equal('displayName', 'Group Renamed'),
  ),
]

const teardown: readonly Step[] = [
  ...['first', 'second', 'third', 'fourth', 'fifth'].map((name) =>
    remove(`remove the ${name}`, `/Users/{{${name}}}`),
  ),
  remove('remove the group', '/Groups/{{group}}'),
  get('nobody is left', '/Users?attributes=userName', status(200), equal('Resources', [])),
  get('no group is left', '/Groups', status(200), equal('Resources', [])),
]

/** Every area that the public collection for SCIM servers covers, in words and data of our own (Postman format 2.1). */
export function scimCollection(): object {
  const areas = {
    discovery,
    people,
    groups,
    'complex attributes': complexAttributes,
    'odd people': oddPeople,
    'odd groups': oddGroups,
    teardown,
  }
  return {
    info: {
      name: 'SCIM 2.0',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    item: Object.entries(areas).map(([name, steps]) => ({
      name,
      item: steps.map((step) => itemOf(name, step)),
    })),
  }
}

function itemOf(area: string, { name, method, path, body, lines }: Step): object {
  const raw = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    name: `${area}: ${name}`,
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: [...lines] } }],
    request: {
      method,
      header: body === undefined ? [] : [{ key: 'Content-Type', value: 'application/json' }],
      ...(body === undefined ? {} : { body: { mode: 'raw', raw } }),
      url: `{{Protocol}}://{{Server}}{{Port}}/{{Api}}${path}`,
    },
  }
}
