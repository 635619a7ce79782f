import type { Marker, Rule } from '../model.ts'
import { WafError } from '../waf-error.ts'
import { brief } from './lookup.ts'

/**
 * Makes sure that every `skipAfter` leads forward to a marker. One that names a rule's number gets a marker behind that
 * rule.
 */
export function resolveJumps(items: readonly (Rule | Marker)[]): readonly (Rule | Marker)[] {
  const markers = new Map<string, number>()
  const rules = new Map<string, number>()
  items.forEach((item, at) => {
    if (item.kind === 'marker') markers.set(item.name, at)
    else rules.set(String(item.id), at)
  })
  const wanted = new Set<string>()
  items.forEach((item, at) => {
    if (item.kind === 'marker' || item.skipAfter === null || (markers.get(item.skipAfter) ?? -1) > at) return
    if ((rules.get(item.skipAfter) ?? -1) <= at) {
      throw new WafError(
        'marker-missing',
        `no marker ${brief(item.skipAfter)} comes after this rule`,
        item.place,
      )
    }
    wanted.add(item.skipAfter)
  })
  if (wanted.size === 0) return items
  return items.flatMap((item) => {
    if (item.kind === 'marker' || !wanted.has(String(item.id))) return [item]
    return [item, { kind: 'marker' as const, name: String(item.id), place: item.place }]
  })
}
