import { attribute, complex, type Attribute, type ResourceType, type Schema } from './attribute.ts'
import { groupType } from './group-schema.ts'
import { ScimError } from './scim-error.ts'
import { userType } from './user-schema.ts'

/** The types of resources that there are. */
export const resourceTypes: readonly ResourceType[] = [userType, groupType]

/** Most operations in one bulk request. */
export const BULK_OPERATIONS_MAX = 1000
/** Largest bulk request; the gateway reads no larger body. */
export const BULK_BYTES_MAX = 1024 * 1024
/** Most resources on a page. */
export const PAGE_MAX = 500
/** Resources on a page unless told. */
export const PAGE_DEFAULT = 100

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:'
const flag = (name: string, description: string): Attribute =>
  attribute(name, description, { type: 'boolean', required: true, mutability: 'readOnly' })
const figure = (name: string, description: string): Attribute =>
  attribute(name, description, { type: 'integer', required: true, mutability: 'readOnly' })
const fixed = (name: string, description: string, required = true): Attribute =>
  attribute(name, description, { required, mutability: 'readOnly' })
const offered = (name: string, description: string, more: readonly Attribute[] = []): Attribute =>
  complex(name, description, [flag('supported', 'Whether it is offered.'), ...more], {
    required: true,
    mutability: 'readOnly',
  })

const attributeParts: readonly Attribute[] = [
  fixed('name', 'Its name.'),
  fixed('type', 'Its type.'),
  flag('multiValued', 'Whether it has several values.'),
  fixed('description', 'What it is.', false),
  flag('required', 'Whether it must be there.'),
  flag('caseExact', 'Whether case counts.'),
  fixed('mutability', 'Who may change it.'),
  fixed('returned', 'When it is returned.'),
  fixed('uniqueness', 'Among whom it is unique.', false),
  attribute('canonicalValues', 'Usual values.', { multiValued: true, mutability: 'readOnly' }),
  attribute('referenceTypes', 'What it may point at.', {
    multiValued: true,
    mutability: 'readOnly',
    caseExact: true,
  }),
]

const discoverySchemas: readonly Schema[] = [
  {
    id: `${CORE}ServiceProviderConfig`,
    name: 'ServiceProviderConfig',
    description: 'What this service provider offers.',
    attributes: [
      fixed('documentationUri', 'Where the help is.', false),
      offered('patch', 'PATCH.'),
      offered('bulk', 'Bulk requests.', [
        figure('maxOperations', 'Most operations.'),
        figure('maxPayloadSize', 'Most bytes.'),
      ]),
      offered('filter', 'Filters.', [figure('maxResults', 'Most results.')]),
      offered('changePassword', 'Changing passwords.'),
      offered('sort', 'Sorting.'),
      offered('etag', 'Entity tags.'),
      complex(
        'pagination',
        'Pages (RFC 9865).',
        [
          flag('cursor', 'Pages by cursor.'),
          flag('index', 'Pages by index.'),
          fixed('defaultPaginationMethod', 'Pages unless told.', false),
          figure('defaultPageSize', 'Results on a page unless told.'),
          figure('maxPageSize', 'Most results on a page.'),
        ],
        { mutability: 'readOnly' },
      ),
      complex(
        'authenticationSchemes',
        'How directories prove who they are.',
        [
          fixed('type', 'Its kind.'),
          fixed('name', 'Its name.'),
          fixed('description', 'What it is.'),
          fixed('specUri', 'Where it is specified.', false),
        ],
        { multiValued: true, required: true, mutability: 'readOnly' },
      ),
    ],
  },
  {
    id: `${CORE}ResourceType`,
    name: 'ResourceType',
    description: 'A type of resources.',
    attributes: [
      fixed('name', 'Its name.'),
      fixed('description', 'What it is.', false),
      fixed('endpoint', 'Where its resources are.'),
      fixed('schema', 'Its schema.'),
      complex(
        'schemaExtensions',
        'What it is extended by.',
        [fixed('schema', 'The extension.'), flag('required', 'Whether each resource has it.')],
        { multiValued: true, mutability: 'readOnly' },
      ),
    ],
  },
  {
    id: `${CORE}Schema`,
    name: 'Schema',
    description: 'A schema.',
    attributes: [
      fixed('name', 'Its name.'),
      fixed('description', 'What it is.', false),
      complex(
        'attributes',
        'Its attributes.',
        [
          ...attributeParts,
          complex('subAttributes', 'Attributes of a complex one.', attributeParts, {
            multiValued: true,
            mutability: 'readOnly',
          }),
        ],
        { multiValued: true, required: true, mutability: 'readOnly' },
      ),
    ],
  },
]

const allSchemas: readonly Schema[] = [
  ...resourceTypes.flatMap(({ core, extension }) => (extension === null ? [core] : [core, extension])),
  ...discoverySchemas,
]

/** What this service provider offers (RFC 7643 §5). */
export function serviceProviderConfig(base: string) {
  return {
    schemas: [`${CORE}ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: BULK_OPERATIONS_MAX, maxPayloadSize: BULK_BYTES_MAX },
    filter: { supported: true, maxResults: PAGE_MAX },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: PAGE_DEFAULT,
      maxPageSize: PAGE_MAX,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token of the workspace, sent as Authorization: Bearer scim_…',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

function resourceTypeFace(base: string, type: ResourceType) {
  return {
    schemas: [`${CORE}ResourceType`],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    description: type.description,
    schema: type.core.id,
    schemaExtensions: type.extension === null ? [] : [{ schema: type.extension.id, required: false }],
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.name}` },
  }
}

function schemaFace(base: string, schema: Schema) {
  return {
    schemas: [`${CORE}Schema`],
    ...schema,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
  }
}

/** One or all of the types of resources, or of the schemas; throws 404 for one that there is not. */
export function discover(base: string, what: 'ResourceTypes' | 'Schemas', id: string | undefined) {
  const all =
    what === 'Schemas'
      ? allSchemas.map((one) => schemaFace(base, one))
      : resourceTypes.map((one) => resourceTypeFace(base, one))
  if (id === undefined)
    return {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: all.length,
      startIndex: 1,
      itemsPerPage: all.length,
      Resources: all,
    }
  const found = all.find((one) => one.id.toLowerCase() === id.toLowerCase())
  if (found === undefined) throw new ScimError(404, 'There is no such resource.')
  return found
}
