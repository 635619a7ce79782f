import type { Permission } from '../../../platform/kernel/permission.ts'
import type { ClauseRow, PolicyOverview } from '../contract/policy.ts'
import { readRequestId } from '../gateway/request-id.ts'
import { MORE_PLACES, PLACES, type Place } from './places.ts'

/** A page, a clause, a request or a rule of the firewall that fits what was typed. */
export type Found =
  | { readonly kind: 'request'; readonly key: string; readonly requestId: string }
  | { readonly kind: 'rule'; readonly key: string; readonly rule: number }
  | { readonly kind: 'page'; readonly key: string; readonly place: Place }
  | { readonly kind: 'clause'; readonly key: string; readonly clause: ClauseRow; readonly sentence: string }

const FOUND_MAX = 8
const RULE = /^\d{4,9}$/

/** What fits: a request or a rule by its whole id, clauses by the start of their id or by words, pages by name and other words; ids first. */
export function foundIn(
  typed: string,
  permissions: readonly Permission[],
  policy: PolicyOverview | undefined,
): readonly Found[] {
  const text = typed.trim().toLowerCase()
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (permissions.includes('gateway.read')) {
    const requestId = readRequestId(typed)
    if (requestId !== null) return [{ kind: 'request', key: 'request', requestId }]
    if (RULE.test(text)) return [{ kind: 'rule', key: 'rule', rule: Number(text) }]
  }
  const pages = [...PLACES, ...MORE_PLACES]
    .filter((place) => permissions.includes(place.permission))
    .filter((place) => words.every((word) => `${place.name} ${place.also}`.toLowerCase().includes(word)))
    .map((place): Found => ({ kind: 'page', key: `page-${place.to.replaceAll('/', '-')}`, place }))
  if (words.length === 0) return pages
  const clauses = (policy?.clauses ?? [])
    .map((clause) => ({
      clause,
      sentence: clause.sentence,
      byId: clause.id.toLowerCase().startsWith(text),
    }))
    .filter(({ sentence, byId }) => byId || words.every((word) => sentence.toLowerCase().includes(word)))
    .sort((a, b) => Number(b.byId) - Number(a.byId))
    .map(({ clause, sentence }): Found => ({ kind: 'clause', key: `clause-${clause.id}`, clause, sentence }))
  return [...pages.slice(0, 3), ...clauses].slice(0, FOUND_MAX)
}
