/** One route as the client sees it: what it takes and what it answers. */
export interface RouteShape<
  Reply,
  Body = Record<string, never>,
  Params = Record<string, never>,
  Query = Record<string, never>,
> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly reply: Reply
}

/** The `:id` of a path. */
export interface ById {
  readonly id: string
}

/** Nothing to say beyond that it worked. */
export type Done = Readonly<Record<string, never>>
