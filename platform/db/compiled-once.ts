import type { Compilable, CompiledQuery, QueryResult } from 'kysely'
import type { Database } from './database.ts'

/**
 * A query whose statement is put together at its first use only, for those that every request waits for. Every argument
 * stands in the statement as a parameter, and only there: it is built with stand-ins instead of values.
 */
export function compiledOnce<Arguments extends readonly unknown[], Row>(
  build: (db: Database, ...values: Arguments) => Compilable<Row>,
): (db: Database, ...values: Arguments) => Promise<Row[]> {
  let kept: { readonly query: CompiledQuery<Row>; readonly places: readonly number[] } | undefined
  return async (db, ...values) => {
    kept ??= compile(build, db, values.length)
    const { query, places } = kept
    const parameters = places.map((place, at) => (place < 0 ? query.parameters[at] : values[place]))
    const result: QueryResult<Row> = await db.executeQuery({ ...query, parameters })
    return result.rows
  }
}

function compile<Row>(
  build: (db: Database, ...values: never) => Compilable<Row>,
  db: Database,
  count: number,
) {
  const standIns: readonly object[] = Array.from({ length: count }, (_, at) => ({ standsFor: at }))
  const query = build(db, ...(standIns as never)).compile()
  const places = query.parameters.map((parameter) => standIns.indexOf(parameter as object))
  if (standIns.some((_, at) => !places.includes(at)))
    throw new Error('an argument does not stand in its statement as a parameter')
  return { query, places }
}
