import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parameterisedQueries } from './controls.ts'
import { sentStatements } from './sent-statements.ts'
import { findRawStatements, scanStatements } from './statement-scan.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

suite('policy 5.3-c: every database operation is parameterised', () => {
  test('each way of putting text into a statement is found', () => {
    const planted = [
      "client.query('select ' + name)",
      'client.query(`select ${name}`)',
      'client.query(statement + name)',
      'sql.raw(name)',
      'sql`select ${sql.lit(name)}`',
    ]
    for (const line of planted) assert.equal(findRawStatements('x.ts', line).length, 1, line)
  })

  test('parameters, and words about statements, are not', () => {
    const fine = [
      "client.query('select $1', [name])",
      'sql`select ${name}`',
      '// sql.raw is not used',
      ' * `sql.raw`',
    ]
    for (const line of fine) assert.deepEqual(findRawStatements('x.ts', line), [], line)
  })

  test('the sources of this repository hold none', async () => {
    const { files, raw } = await scanStatements(root, ['platform', 'inbox', 'client'])
    assert.ok(files > 100, `only ${files} files were read`)
    assert.deepEqual(raw, [])
  })

  test('the check passes on a system that passes values as parameters, and fails on one that does not', async () => {
    const good = sentStatements()
    const careful = {
      root,
      statements: good,
      lookUp: async () => good.saw('select 1 from account where name = $1'),
    }
    assert.equal((await parameterisedQueries.check(careful)).result, 'pass')
    assert.equal((await parameterisedQueries.knownBad(careful)).result, 'fail')
    const bad = sentStatements()
    const careless = { root, statements: bad, lookUp: async (value: string) => bad.saw(`select '${value}'`) }
    assert.equal((await parameterisedQueries.check(careless)).result, 'fail')
  })
})
