import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { AssuranceLevel, Caller } from '../../kernel/caller.ts'
import { permissions, type Permission } from '../../kernel/permission.ts'
import { bitsOf, permissionSet, type PermissionSet } from '../../kernel/permission-set.ts'
import {
  decide,
  KEY_SCOPES,
  STAFF_ROLES,
  WORKSPACE_ROLES,
  permissionsBelowFull,
  permissionsOf,
} from './roles.ts'

const ALL = Object.keys(permissions) as Permission[]
const LEVELS: readonly AssuranceLevel[] = ['none', 'password', 'enrolling', 'full']
const anyCaller = fc.record({
  kind: fc.constantFrom<Caller['kind'][]>('anonymous', 'account', 'api-key', 'service', 'operator'),
  level: fc.constantFrom(...LEVELS),
  permissions: fc.subarray(ALL).map((some): PermissionSet => permissionSet(bitsOf(some))),
})

suite('roles and the one decision', () => {
  test('policy 3.1-0: below two factors nothing but signing in is allowed, whatever permissions are claimed', () => {
    fc.assert(
      fc.property(anyCaller, fc.constantFrom(...ALL), fc.constantFrom(...LEVELS), (caller, wanted, level) => {
        const allowed = decide(caller, wanted, level).allow
        if (allowed) assert.ok(caller.permissions.has(wanted))
        if (caller.level !== 'full') assert.ok(!allowed || wanted === 'public' || wanted === 'self.sign-in')
        if (level === 'full' && caller.level !== 'full') assert.equal(allowed, false)
      }),
      { numRuns: 2000 },
    )
  })

  test('policy 3.1-0: waiting for a code and enrolling a factor do not stand in for each other', () => {
    const at = (level: AssuranceLevel) => ({
      kind: 'account' as const,
      level,
      permissions: permissionsBelowFull(),
    })
    assert.equal(decide(at('password'), 'self.sign-in', 'enrolling').allow, false)
    assert.equal(decide(at('enrolling'), 'self.sign-in', 'password').allow, false)
    assert.equal(decide(at('password'), 'self.sign-in', 'password').allow, true)
  })

  test('policy 3.2-0: every refusal has a stable code that tells who may help', () => {
    const nobody = { kind: 'anonymous', level: 'none', permissions: permissionsBelowFull() } as const
    const agent = { kind: 'account', level: 'full', permissions: permissionsOf('agent', null) } as const
    const refused = (answer: ReturnType<typeof decide>) => (answer.allow ? '' : answer.code)
    assert.equal(refused(decide(nobody, 'conversation.read', 'full')), 'access.unauthenticated')
    assert.equal(
      refused(decide({ ...agent, level: 'password' }, 'rule.read', 'full')),
      'access.factor-needed',
    )
    assert.equal(refused(decide(agent, 'people.edit', 'full')), 'access.denied')
  })

  test('policy 3.2-0: no role holds everything, none holds what only a door gives, no key reaches people or accounts', () => {
    const roles = [...Object.values(WORKSPACE_ROLES), ...Object.values(STAFF_ROLES)]
    for (const role of roles) {
      assert.ok(role.length < ALL.length * 0.6)
      assert.equal(role.includes('operator.local') || role.includes('service.protected'), false)
      assert.equal(new Set(role).size, role.length)
    }
    for (const scope of KEY_SCOPES)
      assert.doesNotMatch(scope, /^(self|people\.edit|api-key|platform|operator|service|policy\.publish)/)
  })

  test('policy 3.2-0: whoever gives staff roles cannot publish the policy, and the other way round', () => {
    for (const role of Object.values(STAFF_ROLES))
      assert.equal(role.includes('platform.people') && role.includes('policy.publish'), false)
  })
})
