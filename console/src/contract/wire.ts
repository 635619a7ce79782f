type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** What JSON makes of a value: a date arrives as text, a method not at all. */
export type Wire<Value> = Value extends Json
  ? Value
  : Value extends Date
    ? string
    : Value extends (...args: never) => unknown
      ? never
      : Value extends object
        ? { readonly [Key in keyof Value]: Wire<Value[Key]> }
        : Value
