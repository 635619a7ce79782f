import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessLookUps } from '../../access/index.ts'
import { otherByteColumns, sealedColumns } from '../stored-bytes.ts'
import { inboxLookUps, lookUpStore } from './look-ups.ts'
import { storeName } from './places.ts'

const lookUps = [...accessLookUps, ...inboxLookUps]

test('policy 2.3-a.1: every column of look-up values is made anew, from an envelope of its row, or says how its values end', () => {
  const keyed = Object.entries(otherByteColumns).flatMap(([name, says]) =>
    says.startsWith('keyed') ? [name] : [],
  )
  assert.deepEqual(lookUps.map(lookUpStore).toSorted(), keyed.toSorted())
  const envelopes = new Set(sealedColumns.map(storeName))
  for (const one of lookUps)
    if (one.from === null) assert.ok(one.ends, lookUpStore(one))
    else assert.ok(envelopes.has(`${one.schema}.${one.table}.${one.from.column}`), lookUpStore(one))
})
