import type { AnyParameter } from './parameter.ts'

/** What one run of a check saw; `saw` is a plain sentence, `metrics` its figures with units in the names. */
export interface Observation {
  readonly result: 'pass' | 'fail'
  readonly saw: string
  readonly metrics: Readonly<Record<string, number | string | boolean>>
  /** What was looked at: how many things, and which share of all there are (0 to 1). */
  readonly scope: { readonly count: number; readonly coverage: number; readonly of: string }
}

/** Binds clauses to the running system: `check` observes it, `knownBad` is a situation that must come out as a failure. */
export interface Control<System> {
  /** Stable name, kebab-case, e.g. `session-idle-expiry`. */
  readonly id: string
  readonly clauses: readonly string[]
  readonly reads: readonly AnyParameter[]
  /** How often the check runs, in seconds; known-bad runs follow each first run and then run once a day. */
  readonly everySeconds: number
  /** How long an observation counts as fresh, in seconds; 24 hours at most for a machine check. */
  readonly freshSeconds: number
  /** The files that enforce the clause, for `surety policy explain`. */
  readonly enforcedIn: readonly string[]
  /** What the check does, in one sentence. */
  readonly looks: string
  /** What the known-bad run breaks, in one sentence. */
  readonly breaks: string
  /**
   * Where the people's part of the clause stands in the system itself, in one sentence: every decision is an entry of the
   * ledger under its person's name and this check compares them all, so that no document about them is asked for.
   */
  readonly decisions?: string
  check(system: System): Promise<Observation>
  knownBad(system: System): Promise<Observation>
}

/** Declares a control; freshness is three intervals, at most 24 hours, unless told. */
export function control<System>(
  declared: Omit<Control<System>, 'freshSeconds'> & { readonly freshSeconds?: number },
): Control<System> {
  return { freshSeconds: Math.min(declared.everySeconds * 3, 86_400), ...declared }
}

/** A control together with the system that it observes. */
export type BoundControl = Control<void>

/** Ties a module's controls to the running system they observe. */
export function bindControls<System>(controls: readonly Control<System>[], system: System): BoundControl[] {
  return controls.map((one) => ({
    ...one,
    check: () => one.check(system),
    knownBad: () => one.knownBad(system),
  }))
}

/** A clause that no control proves, and why; it is never shown as proven. */
export interface Declaration {
  readonly clause: string
  /**
   * `unproven`: software could prove it and does not yet; `attested`/`inherited`/`shared`: people, a provider or the
   * customer must; `computed`: follows from its children; `narrative`: promises nothing; `contradicted`: two sources disagree.
   */
  readonly kind: 'unproven' | 'attested' | 'inherited' | 'shared' | 'computed' | 'narrative' | 'contradicted'
  /** What is missing or where it comes from, in one honest sentence shown on the page. */
  readonly because: string
}

/** Declares clauses without a control, all for the same reason. */
export function declare(
  kind: Declaration['kind'],
  clauses: readonly string[],
  because: string,
): Declaration[] {
  return clauses.map((clause) => ({ clause, kind, because }))
}
