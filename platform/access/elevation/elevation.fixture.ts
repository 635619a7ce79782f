import type { RequestContext } from '../../kernel/caller.ts'
import type { SensitivePermission, StaffRole } from '../../kernel/permission.ts'
import {
  callerOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

/** A system with staff: two administrators, a security officer, and a workspace owner who is none of them. */
export interface TestStaff {
  readonly it: TestAccess
  readonly first: TestPerson
  readonly second: TestPerson
  readonly officer: TestPerson
  readonly owner: TestPerson
}

/** Makes the staff of a test. */
export async function testStaff(values: Readonly<Record<string, unknown>> = {}): Promise<TestStaff> {
  const it = await testAccess(values)
  const first = await firstPerson(it)
  const second = await invitedPerson(it, first, 'second@example.org', 'agent')
  const officer = await invitedPerson(it, first, 'officer@example.org', 'agent')
  const owner = await invitedPerson(it, first, 'owner@example.org', 'owner')
  const give = async (person: TestPerson, role: StaffRole): Promise<void> =>
    it.access.people.changeStaffRole(await first.context(), person.id, role)
  await give(second, 'administrator')
  await give(officer, 'security-officer')
  return { it, first, second, officer, owner }
}

/** A person's context as if a second factor had been proved this moment. */
export async function fresh({ clock }: TestAccess, person: TestPerson): Promise<RequestContext> {
  const context = await person.context()
  return { ...context, caller: { ...context.caller, provedAt: clock.now() } }
}

/** What a person may do now, as the front door would find it. */
export async function mayNow(
  { access }: TestAccess,
  { token }: { readonly token: string },
  permission: SensitivePermission,
): Promise<boolean> {
  return (await callerOf(access, token)).permissions.has(permission)
}

/** Asks for a permission and returns the request's id. */
export async function asked(
  it: TestAccess,
  person: TestPerson,
  permissions: readonly SensitivePermission[] = ['platform.people'],
  minutes = 30,
  workspace: string | null = null,
): Promise<string> {
  const wish = { permissions, reason: 'A sample reason for a test', minutes, workspace }
  return (await it.access.elevations.request(await person.context(), wish)).id
}
