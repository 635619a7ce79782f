/** Kinds of refusals that RFC 7644 §3.12 and RFC 9865 §2.1 name. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'invalidCount'

/** A refusal in the words of SCIM; `detail` is safe to show. */
export class ScimError extends Error {
  readonly status: number
  readonly scimType: ScimType | undefined
  readonly detail: string

  constructor(status: number, detail: string, scimType?: ScimType) {
    super(`${status} ${scimType ?? ''}: ${detail}`)
    this.name = 'ScimError'
    this.status = status
    this.detail = detail
    this.scimType = scimType
  }
}

/** The schema of refusals. */
const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** The body of a refusal (RFC 7644 §3.12). */
export function errorBody(status: number, detail: string, scimType?: string) {
  return {
    schemas: [ERROR_SCHEMA],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail,
  }
}

/** A request that is not in the grammar: 400 with this kind. */
export function bad(scimType: ScimType, detail: string): ScimError {
  return new ScimError(400, detail, scimType)
}
