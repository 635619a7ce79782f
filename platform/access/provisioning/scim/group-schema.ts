import { attribute, complex, type ResourceType, type Schema } from './attribute.ts'

/** A group of people (RFC 7643 §4.2). */
const GROUP: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  description: 'Group',
  attributes: [
    attribute('displayName', 'The name of the group.', { required: true }),
    complex(
      'members',
      'Who belongs to the group.',
      [
        attribute('value', 'Id of the member.', { mutability: 'immutable', caseExact: true }),
        attribute('$ref', 'Address of the member.', {
          type: 'reference',
          caseExact: true,
          mutability: 'immutable',
          referenceTypes: ['User', 'Group'],
        }),
        attribute('type', 'What the member is.', {
          mutability: 'immutable',
          canonicalValues: ['User', 'Group'],
        }),
        attribute('display', 'How the member is shown to people.'),
      ],
      { multiValued: true },
    ),
  ],
}

/** Groups. */
export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Group',
  core: GROUP,
  extension: null,
}
