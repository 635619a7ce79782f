import assert from 'node:assert/strict'
import { test } from 'node:test'
import { control, declare, type BoundControl, type Declaration } from '../kernel/control.ts'
import type { AnyParameter } from '../kernel/parameter.ts'
import { count } from '../kernel/value-type.ts'
import { readCatalogue } from './clause-catalogue.ts'
import { controlRegistry, type Registered } from './registry.ts'

const catalogue = readCatalogue(['9.9-0|C|X', '9.9-a|EM|X', '9.9-b|A|X', '9.9-c|N|X'])
const tries: AnyParameter = {
  name: 'sample.tries',
  clause: '9.9-a',
  type: count({ min: 1, max: 9 }),
  weaker: 'higher',
  obeys: 'A sample.',
}

function sample(more: Partial<BoundControl> = {}): BoundControl {
  const never = async (): Promise<never> => {
    throw new Error('it is never run')
  }
  return {
    ...control<void>({
      id: 'sample-control',
      clauses: ['9.9-a'],
      reads: [tries],
      everySeconds: 60,
      enforcedIn: [],
      looks: 'Looks.',
      breaks: 'Breaks.',
      check: never,
      knownBad: never,
    }),
    ...more,
  }
}

const declarations: readonly Declaration[] = [
  ...declare('computed', ['9.9-0'], 'It follows from what is below.'),
  ...declare('attested', ['9.9-b'], 'People.'),
  ...declare('narrative', ['9.9-c'], 'Words.'),
]
const whole: Registered = { catalogue, parameters: [tries], controls: [sample()], declarations }

function refused(more: Partial<Registered>, why: RegExp): void {
  assert.throws(() => controlRegistry({ ...whole, ...more }), why)
}

test('policy P-d: every clause finds its control or its declaration', () => {
  const registry = controlRegistry(whole)
  assert.deepEqual(
    registry.controlsOf('9.9-a').map(({ id }) => id),
    ['sample-control'],
  )
  assert.equal(registry.declarationOf('9.9-b')?.kind, 'attested')
  assert.deepEqual(registry.parametersOf('9.9-a'), [tries])
})

test('policy P-d: a clause with neither control nor declaration, with both, or declared twice is refused', () => {
  refused({ declarations: declarations.slice(1) }, /9\.9-0: neither control nor declaration/)
  const both = declare('unproven', ['9.9-a'], 'Both.')
  refused({ declarations: [...declarations, ...both] }, /9\.9-a: declared and also proven by sample-control/)
  refused({ declarations: [...declarations, ...declarations.slice(1)] }, /9\.9-b: declared 2 times/)
})

test('policy P-d: a control or declaration of an unknown clause is refused', () => {
  refused({ controls: [sample({ clauses: ['9.9-a', '9.9-z'] })] }, /names the unknown clause 9\.9-z/)
  const unknown = declare('unproven', ['9.9-z'], 'Unknown.')
  refused({ declarations: [...declarations, ...unknown] }, /declaration of 9\.9-z: no such clause/)
})

test('policy P-d: a control must read the value of its clause and no value of another', () => {
  refused(
    { controls: [sample({ reads: [] })] },
    /parameter sample\.tries: no control of clause 9\.9-a reads it/,
  )
  const foreign = { ...tries, name: 'sample.other', clause: '9.9-b' }
  const controls = [sample({ reads: [tries, foreign] })]
  refused(
    { controls, parameters: [tries, foreign] },
    /reads sample\.other of clause 9\.9-b, which it does not name/,
  )
  refused({ controls }, /reads sample\.other, which is not declared/)
})

test('policy P-d: a declaration cannot make a clause easier than its kind', () => {
  const narrative = declare('narrative', ['9.9-b'], 'Nothing to see.')
  refused(
    { declarations: [...declarations.filter(({ clause }) => clause !== '9.9-b'), ...narrative] },
    /not narrative/,
  )
  const computed = declare('computed', ['9.9-b'], 'It follows.')
  refused(
    { declarations: [...declarations.filter(({ clause }) => clause !== '9.9-b'), ...computed] },
    /nothing rolls up into it/,
  )
  const silent = declare('attested', ['9.9-b'], ' ')
  refused(
    { declarations: [...declarations.filter(({ clause }) => clause !== '9.9-b'), ...silent] },
    /says no reason/,
  )
})

test('policy P-d: two controls of one id and freshness beyond a day are refused', () => {
  refused({ controls: [sample(), sample()] }, /its id occurs twice/)
  refused({ controls: [sample({ freshSeconds: 90_000 })] }, /24 hours at most/)
  refused({ controls: [sample({ freshSeconds: 30 })] }, /stay fresh from one run to the next/)
})
