import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sealedColumns } from '../encryption/stored-bytes.ts'
import type { AssuranceLevel } from '../kernel/caller.ts'
import { settings } from '../kernel/config.ts'
import { permissions, SENSITIVE, type Permission } from '../kernel/permission.ts'
import { bitsOf, permissionSet } from '../kernel/permission-set.ts'
import { GRANT_SECONDS, REFRESH_SECONDS } from './clients/provider.ts'
import { budgets } from './factors/sms-budget.ts'
import { stepUpNeeded } from './factors/freshness.ts'
import { QUEUE_MAX, SHARE_MAX } from './passwords/hash-pool.ts'
import { SERVICE_WORDS } from './passwords/context-words.ts'
import { ADDRESS_BUDGET, QUESTION_BUDGET } from './recovery/recovery.ts'
import { ANYBODY, EVERY_ACCOUNT } from './roles/role-table.ts'
import { decide, KEY_SCOPES, STAFF_ROLES, WORKSPACE_ROLES } from './roles/roles.ts'
import { PASSWORD_SECONDS_MAX } from './sessions/session-clock.ts'
import { LOCK_SECONDS } from './sign-in/queries.ts'
import { ACCOUNT_BUDGET, BUDGET, NETWORK_BUDGET, type Budget } from './sign-in/throttle.ts'
import { AUTHENTICATED_SECONDS_MAX } from './upstream/provider.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/access.md', root), 'utf8')
const policy = ['03-access-control', '04-network']
  .map((name) => readFileSync(new URL(`policy/${name}.md`, root), 'utf8'))
  .join('\n')

/** The text below one heading, up to the next. */
function section(title: string): string {
  const found = page.split(/^#+ /m).find((part) => part.startsWith(`${title}\n`))
  assert.ok(found !== undefined, title)
  return found
}

/** The cells of a section's table, without its head. */
function rows(title: string): string[][] {
  return section(title)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** The words of the policy that set a value. */
function published(name: string): string {
  return new RegExp(`\\[([^\\]]+)\\]\\(set:${name.replace('.', '\\.')}\\)`).exec(policy)?.[1] ?? ''
}

const inWords = ({ burst, secondsEach }: Budget): string =>
  `${burst} at once, then one every ${secondsEach} seconds`

test('policy 3.3-d: the limits on guessing that are documented are those of the code (ASVS 6.1.1)', () => {
  const lock = `*${published('lockout.failures')}*, then ${LOCK_SECONDS.min / 60} minutes, doubling up to ${LOCK_SECONDS.max / 3600} hours`
  const perHour = Number(settings.SMS_CODES_PER_HOUR.fallback)
  const of = (what: string, seconds: number): number =>
    budgets(perHour).find((one) => one.of === what && one.seconds === seconds)?.codesMax ?? 0
  const sms = (what: string): string => `${of(what, 600)} in 10 minutes, ${of(what, 86_400)} in 24 hours`
  assert.deepEqual(
    rows('Guessing').map(([, value]) => value),
    [
      lock,
      lock,
      inWords(BUDGET),
      inWords(NETWORK_BUDGET),
      inWords(ACCOUNT_BUDGET),
      `${QUEUE_MAX}, of one network ${SHARE_MAX}`,
      inWords(BUDGET),
      inWords(ADDRESS_BUDGET),
      inWords(QUESTION_BUDGET),
      `*${published('rate.sign-in')}*`,
      sms('number'),
      sms('account'),
      `${of('overall', 3600)} in an hour, ${of('overall', 86_400)} in 24 hours; a country ${of('country', 3600)}, a workspace ${of('workspace', 3600)}, an area ${of('area', 3600)} in an hour`,
    ],
  )
  assert.match(section('Guessing'), /A stranger who knows an address locks nobody out/)
})

test('policy 3.3-a: the words barred from passwords that are documented are those of the code (ASVS 6.1.2)', () => {
  const [first = ''] = section('Words that a password may not lean on').split(';')
  const words = [...first.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)
  assert.deepEqual(words.toSorted(), SERVICE_WORDS.toSorted())
})

test('policy 3.4-a: the limits of sessions that are documented are those of the policy (ASVS 7.1.1)', () => {
  const table = rows('Sessions').map(([limit = '', value]) => [limit.replaceAll('`', ''), value])
  assert.deepEqual(table, [
    ...['session.idle', 'session.absolute', 'step-up.freshness'].map((name) => [
      name,
      `*${published(name)}*`,
    ]),
    ['one factor alone', `${PASSWORD_SECONDS_MAX / 60} minutes`],
  ])
})

test('policy 3.4-a: how sessions here and at other providers go together is documented with the times of the code (ASVS 7.1.3)', () => {
  const told = section('Sessions').split('*Federation.*')[1] ?? ''
  assert.equal(AUTHENTICATED_SECONDS_MAX, 3600)
  for (const words of [
    'signing out here does not sign out there',
    'signing out there does not end what began here',
    'for an hour at most',
    `*${published('oauth.access-lifetime')}*`,
    `${REFRESH_SECONDS / 86_400} days without use`,
    `${GRANT_SECONDS / 86_400} days after the person allowed it`,
    'back-channel logout',
  ])
    assert.ok(told.includes(words), words)
})

/** Who holds a permission, in the words of the page. */
function holders(permission: Permission): string {
  const roles = Object.entries({ ...WORKSPACE_ROLES, ...STAFF_ROLES })
    .filter(([, held]) => held.includes(permission))
    .map(([role]) => role)
  const includes = (list: readonly Permission[]): boolean => list.includes(permission)
  return [
    ...(includes(ANYBODY) ? ['anybody'] : []),
    ...(includes(EVERY_ACCOUNT) ? ['every account'] : []),
    ...roles,
    ...(includes(SENSITIVE) ? ['an elevation'] : []),
    ...(includes(KEY_SCOPES) ? ['programs, as a scope'] : []),
    ...(permission === 'directory.provision' ? ['a directory'] : []),
    ...(permission === 'operator.local' ? ['the operator’s socket'] : []),
    ...(permission === 'service.protected' ? ['the service’s socket'] : []),
  ].join(', ')
}

test('policy 3.2-a: every permission is documented with its words and with who holds it (ASVS 8.1.1)', () => {
  const expected = Object.entries(permissions).map(([name, says]) => [
    `\`${name}\``,
    says,
    holders(name as Permission),
  ])
  assert.deepEqual(rows('Functions'), expected)
  assert.deepEqual(
    expected.filter(([, , who]) => who === ''),
    [],
  )
})

test('policy 3.2-0: every sealed field of accounts and access is documented with who sees and who writes it (ASVS 8.1.2)', () => {
  const fields = rows('Fields')
  const stored = sealedColumns
    .filter(({ schema }) => schema === 'surety')
    .map(({ table, column }) => `\`${table}.${column}\``)
  assert.deepEqual(
    fields.map(([field]) => field),
    stored.toSorted(),
  )
  for (const [field, shown = '', written = ''] of fields) assert.ok(shown !== '' && written !== '', field)
})

test('policy 3.2-0: every refusal that a decision can come to is documented with what it looks at (ASVS 8.1.3, 8.1.4)', () => {
  const told = rows('What a decision looks at').map(([, , then = '']) => /`([^`]+)`/.exec(then)?.[1])
  const levels: readonly AssuranceLevel[] = ['none', 'password', 'enrolling', 'renewing', 'full']
  const possible = new Set([stepUpNeeded().code as string, 'request.too-many', 'resource.unknown'])
  for (const have of levels)
    for (const need of levels)
      for (const permission of Object.keys(permissions) as Permission[])
        for (const held of [[], [permission]] as const) {
          const caller = { kind: 'account', level: have, permissions: permissionSet(bitsOf(held)) } as const
          const decision = decide(caller, permission, need)
          if (!decision.allow) possible.add(decision.code)
        }
  assert.ok(possible.size >= 7)
  for (const code of possible) assert.ok(told.includes(code), code)
})
