/** A simple or complex attribute as RFC 7643 §7 describes one. */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'integer' | 'dateTime' | 'reference' | 'binary' | 'complex'
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable' | 'writeOnly'
  readonly returned: 'default' | 'always' | 'request' | 'never'
  readonly uniqueness: 'none' | 'server' | 'global'
  readonly subAttributes?: readonly Attribute[]
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
}

/** A schema with its attributes. */
export interface Schema {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}

/** What a resource of one type is made of. */
export interface ResourceType {
  readonly name: 'User' | 'Group'
  readonly endpoint: '/Users' | '/Groups'
  readonly description: string
  readonly core: Schema
  readonly extension: Schema | null
}

type Traits = Partial<Omit<Attribute, 'name' | 'description'>>

/** Declares an attribute: a readable and writable optional text unless told. */
export function attribute(name: string, description: string, traits: Traits = {}): Attribute {
  return {
    name,
    type: 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...traits,
  }
}

/** Declares a complex attribute. */
export function complex(
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  traits: Traits = {},
): Attribute {
  return attribute(name, description, { type: 'complex', subAttributes, ...traits })
}

/** Declares a list of values with the usual sub-attributes (RFC 7643 §2.4). */
export function plural(
  name: string,
  description: string,
  value: Attribute,
  canonicalValues: readonly string[] = [],
): Attribute {
  const types = canonicalValues.length > 0 ? { canonicalValues } : {}
  return complex(
    name,
    description,
    [
      value,
      attribute('display', 'How the value is shown to people.'),
      attribute('type', 'What the value is for.', types),
      attribute('primary', 'Whether this is the preferred value; at most one is.', { type: 'boolean' }),
    ],
    { multiValued: true },
  )
}

/** Attributes that every resource has (RFC 7643 §3.1). */
export const commonAttributes: readonly Attribute[] = [
  attribute('id', 'Name of the resource here.', {
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  attribute('externalId', 'Name of the resource in the directory.', { caseExact: true }),
  complex(
    'meta',
    'When the resource was made and changed, and where it is.',
    [
      attribute('resourceType', 'Its type.', { caseExact: true, mutability: 'readOnly' }),
      attribute('created', 'When it was made.', { type: 'dateTime', mutability: 'readOnly' }),
      attribute('lastModified', 'When it was changed last.', { type: 'dateTime', mutability: 'readOnly' }),
      attribute('location', 'Its address.', {
        type: 'reference',
        caseExact: true,
        mutability: 'readOnly',
        referenceTypes: ['uri'],
      }),
      attribute('version', 'Its entity tag.', { caseExact: true, mutability: 'readOnly' }),
    ],
    { mutability: 'readOnly' },
  ),
  attribute('schemas', 'The schemas that describe it.', {
    type: 'reference',
    multiValued: true,
    caseExact: true,
    returned: 'always',
    mutability: 'readOnly',
    referenceTypes: ['uri'],
  }),
]
