import type { Assignment, Bytes, Effect } from '../model.ts'
import type { VariableName } from '../names.ts'
import { lowercase } from '../transform/case.ts'
import { readStored } from './collections.ts'
import { compileTemplate, plainText, toInteger, type Expand } from './macro.ts'
import type { State } from './state.ts'

/** Changes a transaction. */
export type Act = (state: State) => void

/** A collection that rules may write, in one transaction; null for one that was not opened. */
interface Writable {
  get(key: Bytes): Bytes | null
  set(key: Bytes, value: Bytes): void
  remove(key: Bytes): void
}

function writable(state: State, collection: VariableName): Writable | null {
  if (collection === 'TX') return plainWritable(state.tx)
  if (collection === 'ENV') return plainWritable(state.env)
  const opened = state.stored.get(collection)?.collection
  if (opened === undefined) return null
  const { members } = opened
  const { now } = state.start
  return {
    get: (key) => readStored(opened, key, now),
    set: (key, value) => {
      members.set(key, { value, expires: members.get(key)?.expires ?? null, changed: now })
    },
    remove: (key) => members.delete(key),
  }
}

interface Texts {
  get(key: Bytes): Bytes | undefined
  set(key: Bytes, value: Bytes): unknown
  delete(key: Bytes): unknown
}

function plainWritable(map: Texts): Writable {
  return {
    get: (key) => map.get(key) ?? null,
    set: (key, value) => map.set(key, value),
    remove: (key) => map.delete(key),
  }
}

/** Compiles `setvar`; names are kept in lower case. */
export function compileAssignment(assignment: Assignment, txPlaceOf: (name: Bytes) => number): Act {
  const key = keyOf(assignment.key)
  const { collection } = assignment
  if (assignment.kind === 'unset') return (state) => writable(state, collection)?.remove(key(state))
  const value = compileTemplate(assignment.value)
  if (collection === 'TX') {
    const plain = plainText(assignment.key)
    return plain === null
      ? compileTx(assignment.kind, key, value)
      : compileTxAt(assignment.kind, txPlaceOf(lowercase(plain)), value)
  }
  return (state) => {
    const target = writable(state, collection)
    if (target === null) return
    const name = key(state)
    target.set(name, changed(assignment.kind, target.get(name) ?? '', value(state)))
  }
}

function compileTx(kind: 'set' | 'add' | 'subtract', key: Expand, value: Expand): Act {
  if (kind === 'set') {
    return (state) => {
      state.tx.set(key(state), value(state))
    }
  }
  return (state) => {
    const name = key(state)
    state.tx.set(name, changed(kind, state.tx.get(name) ?? '', value(state)))
  }
}

function compileTxAt(kind: 'set' | 'add' | 'subtract', place: number, value: Expand): Act {
  if (kind === 'set') return (state) => state.tx.put(place, value(state))
  return (state) => state.tx.put(place, changed(kind, state.tx.at(place) ?? '', value(state)))
}

function changed(kind: 'set' | 'add' | 'subtract', before: Bytes, value: Bytes): Bytes {
  if (kind === 'set') return value
  const by = toInteger(value)
  return String(toInteger(before) + (kind === 'add' ? by : -by))
}

function keyOf(template: Assignment['key']): Expand {
  const plain = plainText(template)
  if (plain === null) {
    const expand = compileTemplate(template)
    return (state) => lowercase(expand(state))
  }
  const key = lowercase(plain)
  return () => key
}

/** Compiles `expirevar`: the value is gone this many seconds from now; `TX` and `ENV` end with their transaction. */
export function compileExpiry(effect: Extract<Effect, { kind: 'expirevar' }>): Act {
  const key = keyOf(effect.key)
  const seconds = compileTemplate(effect.seconds)
  return (state) => {
    const members = state.stored.get(effect.collection)?.collection.members
    const name = key(state)
    const stored = members?.get(name)
    if (members === undefined || stored === undefined) return
    members.set(name, { ...stored, expires: state.start.now + toInteger(seconds(state)) * 1000 })
  }
}

/** Compiles `deprecatevar`: for every `seconds` since the value was last changed it loses `by`, down to nothing. */
export function compileDeprecation(effect: Extract<Effect, { kind: 'deprecatevar' }>): Act {
  const key = keyOf(effect.key)
  return (state) => {
    const members = state.stored.get(effect.collection)?.collection.members
    const name = key(state)
    const stored = members?.get(name)
    if (members === undefined || stored === undefined || effect.seconds <= 0) return
    const passed = Math.floor((state.start.now - stored.changed) / (effect.seconds * 1000))
    if (passed <= 0) return
    const value = Math.max(0, toInteger(stored.value) - passed * effect.by)
    members.set(name, { ...stored, value: String(value), changed: state.start.now })
  }
}
