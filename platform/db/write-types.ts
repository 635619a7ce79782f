import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { testDatabase } from '#database'

/** Writes the table types of `platform/db/types.ts`, `inbox/db/types.ts` and the keyring's from freshly migrated schemas. */
const database = await testDatabase()
const program = fileURLToPath(new URL('../../node_modules/kysely-codegen/dist/cli/bin.js', import.meta.url))
for (const [schema, file] of [
  ['surety', './types.ts'],
  ['inbox', '../../inbox/db/types.ts'],
  ['keyring', '../encryption/keyring/types.ts'],
] as const) {
  const out = fileURLToPath(new URL(file, import.meta.url))
  const options = [
    '--dialect',
    'postgres',
    '--url',
    database.url,
    '--default-schema',
    schema,
    '--type-mapping',
    '{"int8":"number"}',
    '--include-pattern',
    `${schema}.*`,
    '--out-file',
    out,
  ]
  await promisify(execFile)(process.execPath, [program, ...options])
}
await database.drop()
