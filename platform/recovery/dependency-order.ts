import type { Table } from './copy-queries.ts'

/** Orders tables so that each comes after those it refers to; throws when tables refer to each other in a circle. */
export function dependencyOrder(tables: readonly Table[]): readonly Table[] {
  const ordered: Table[] = []
  const done = new Set<string>()
  let waiting = tables
  while (waiting.length > 0) {
    const ready = waiting.filter((table) => table.refers.every((name) => done.has(name)))
    if (ready.length === 0)
      throw new Error(
        `these tables refer to each other in a circle: ${waiting.map(nameOf).join(', ')}; they cannot be copied back`,
      )
    ordered.push(...ready)
    for (const table of ready) done.add(nameOf(table))
    waiting = waiting.filter((table) => !done.has(nameOf(table)))
  }
  return ordered
}

/** A table's name with its schema. */
export function nameOf(table: Pick<Table, 'schema' | 'table'>): string {
  return `${table.schema}.${table.table}`
}
