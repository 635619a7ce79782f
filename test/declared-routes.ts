import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AnyRoute } from '../platform/kernel/route.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Stands for parts that are not running: declarations are read from a module, and nothing of it is called. */
const unwired = new Proxy(() => {}, {
  get: (): unknown => unwired,
  apply: () => assert.fail('a declaration must not use what it is declared over'),
}) as never

/** Every route that some module of the platform shows at its door. */
export async function declaredRoutes(): Promise<readonly AnyRoute[]> {
  const doors = await Promise.all(
    globSync('platform/*/index.ts', { cwd: root }).map(
      async (file) => (await import(`${root}${file}`)) as Record<string, (parts: never) => AnyRoute[]>,
    ),
  )
  return doors.flatMap((door) =>
    Object.entries(door).flatMap(([name, factory]) => (name.endsWith('Routes') ? factory(unwired) : [])),
  )
}
