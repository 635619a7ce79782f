import { queryOptions } from '@tanstack/react-query'
import type { SensitivePermission } from '../../../platform/kernel/permission.ts'
import { call, type Reply } from '../api.ts'

/** What the person may ask for, has, and has to decide. */
export type Elevations = Reply<'GET /api/access/elevations'>
/** One request or elevation. */
export type Elevation = Elevations['mine'][number]

/** Requests and elevations of the provider's staff; renewed every half minute, since others decide. */
export const elevationsQuery = queryOptions({
  queryKey: ['elevations'],
  queryFn: ({ signal }) => call('GET /api/access/elevations', {}, { signal }),
  refetchInterval: 30_000,
})

const WORDS: Readonly<Record<SensitivePermission, string>> = {
  'platform.people': 'Give and withdraw staff roles',
  'policy.publish': 'Publish the policy',
  'platform.support': 'Enter a customer’s workspace',
  'account.reset': 'Reset a person’s second factors',
  'recovery.restore': 'Restore a backup into a sandbox',
}

/** A sensitive permission in words. */
export function permissionWords(permission: string): string {
  return Object.hasOwn(WORDS, permission) ? WORDS[permission as SensitivePermission] : permission
}

/** Several of them, in one phrase. */
export function wordsOf(permissions: readonly string[]): string {
  return permissions.map(permissionWords).join(', ')
}
