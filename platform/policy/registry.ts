import type { BoundControl, Declaration } from '../kernel/control.ts'
import type { AnyParameter } from '../kernel/parameter.ts'
import type { CatalogueEntry, ClauseKind } from './clause-catalogue.ts'

/** Which control proves a clause, or what is declared in place of one. */
export interface ControlRegistry {
  readonly catalogue: readonly CatalogueEntry<string>[]
  readonly parameters: readonly AnyParameter[]
  readonly controls: readonly BoundControl[]
  entry(clause: string): CatalogueEntry<string> | undefined
  control(id: string): BoundControl | undefined
  controlsOf(clause: string): readonly BoundControl[]
  declarationOf(clause: string): Declaration | undefined
  parametersOf(clause: string): readonly AnyParameter[]
}

/** What is registered: all that the modules export. */
export interface Registered {
  readonly catalogue: readonly CatalogueEntry<string>[]
  readonly parameters: readonly AnyParameter[]
  readonly controls: readonly BoundControl[]
  readonly declarations: readonly Declaration[]
}

/**
 * Puts controls, declarations and parameters to their clauses. Throws with every fault at once when a clause has
 * neither control nor declaration, or both, or when anything names what does not exist. Policy P-d.
 */
export function controlRegistry(registered: Registered): ControlRegistry {
  const faults = registryFaults(registered)
  if (faults.length > 0) throw new Error(`the controls do not fit the policy:\n${faults.join('\n')}`)
  const { catalogue, parameters, controls, declarations } = registered
  const entries = new Map(catalogue.map((entry) => [entry.id, entry]))
  const byId = new Map(controls.map((one) => [one.id, one]))
  const declared = new Map(declarations.map((one) => [one.clause, one]))
  const proving = Map.groupBy(
    controls.flatMap((one) => one.clauses.map((clause) => ({ clause, one }))),
    ({ clause }) => clause,
  )
  const controlsOf = new Map([...proving].map(([clause, found]) => [clause, found.map(({ one }) => one)]))
  const held = Map.groupBy(parameters, ({ clause }) => clause)
  return {
    catalogue,
    parameters,
    controls,
    entry: (clause) => entries.get(clause),
    control: (id) => byId.get(id),
    controlsOf: (clause) => controlsOf.get(clause) ?? [],
    declarationOf: (clause) => declared.get(clause),
    parametersOf: (clause) => held.get(clause) ?? [],
  }
}

/** Every reason why the controls and declarations do not fit the catalogue, in words. */
export function registryFaults(registered: Registered): string[] {
  return [
    ...catalogueFaults(registered),
    ...registered.controls.flatMap((one) => controlFaults(one, registered)),
    ...registered.declarations.flatMap((one) => declarationFaults(one, registered)),
    ...registered.parameters.flatMap((one) => parameterFaults(one, registered)),
  ]
}

function catalogueFaults({ catalogue, controls, declarations }: Registered): string[] {
  return catalogue.flatMap(({ id }) => {
    const proven = controls.filter(({ clauses }) => clauses.includes(id)).map((one) => one.id)
    const declared = declarations.filter(({ clause }) => clause === id).length
    if (proven.length === 0 && declared === 0) return [`${id}: neither control nor declaration`]
    if (proven.length > 0 && declared > 0) return [`${id}: declared and also proven by ${proven.join(', ')}`]
    return declared > 1 ? [`${id}: declared ${declared} times`] : []
  })
}

function controlFaults(one: BoundControl, { catalogue, parameters, controls }: Registered): string[] {
  const known = new Set(catalogue.map(({ id }) => id))
  const names = new Set(parameters.map(({ name }) => name))
  const faults = [
    ...(controls.filter(({ id }) => id === one.id).length > 1 ? ['its id occurs twice'] : []),
    ...(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(one.id) ? [] : ['its id is not kebab-case']),
    ...(one.clauses.length === 0 ? ['names no clause'] : []),
    ...(new Set(one.clauses).size < one.clauses.length ? ['names a clause twice'] : []),
    ...one.clauses.filter((id) => !known.has(id)).map((id) => `names the unknown clause ${id}`),
    ...one.reads.flatMap(({ name, clause }) => {
      if (!names.has(name)) return [`reads ${name}, which is not declared`]
      return one.clauses.includes(clause) ? [] : [`reads ${name} of clause ${clause}, which it does not name`]
    }),
    ...(one.everySeconds >= 60 ? [] : ['runs more often than once a minute']),
    ...(one.freshSeconds >= one.everySeconds && one.freshSeconds <= 86_400
      ? []
      : ['must stay fresh from one run to the next and for 24 hours at most']),
  ]
  return faults.map((fault) => `control ${one.id}: ${fault}`)
}

/** The kinds of the catalogue that each declaration is for; `unproven` and `contradicted` fit every clause. */
const DECLARED_FOR: Readonly<Record<Declaration['kind'], readonly ClauseKind[] | null>> = {
  unproven: null,
  contradicted: null,
  attested: ['attested'],
  inherited: ['inherited'],
  shared: ['shared'],
  computed: ['computed'],
  narrative: ['narrative'],
}

function declarationFaults(one: Declaration, { catalogue }: Registered): string[] {
  const entry = catalogue.find(({ id }) => id === one.clause)
  if (entry === undefined) return [`declaration of ${one.clause}: no such clause`]
  const children = catalogue.filter(({ parent }) => parent === one.clause).length
  const rollsUp = one.kind === 'computed' && children > 0
  const wanted = DECLARED_FOR[one.kind]
  return [
    ...(one.because.trim() === '' ? ['says no reason'] : []),
    ...(one.kind === 'computed' && children === 0
      ? ['nothing rolls up into it, so it cannot be computed']
      : []),
    ...(wanted !== null && !rollsUp && !wanted.some((kind) => entry.kinds.includes(kind))
      ? [`is ${entry.kinds.join(', ')} in the catalogue, not ${one.kind}`]
      : []),
  ].map((fault) => `declaration of ${one.clause}: ${fault}`)
}

function parameterFaults(one: AnyParameter, { catalogue, controls, parameters }: Registered): string[] {
  const proving = controls.filter(({ clauses }) => clauses.includes(one.clause))
  const read = proving.some(({ reads }) => reads.some(({ name }) => name === one.name))
  return [
    ...(catalogue.some(({ id }) => id === one.clause) ? [] : [`stands in the unknown clause ${one.clause}`]),
    ...(parameters.filter(({ name }) => name === one.name).length > 1 ? ['is declared twice'] : []),
    ...(proving.length > 0 && !read ? [`no control of clause ${one.clause} reads it`] : []),
  ].map((fault) => `parameter ${one.name}: ${fault}`)
}
